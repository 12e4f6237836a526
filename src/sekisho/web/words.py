"""What templates say: sentences of `texts`, days and moments as people write them, the four states."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from sekisho.core.access import Bundle
from sekisho.texts import catalogue, text

register = template.Library()

JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
WEEKDAYS = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HOURGLASS = mark_safe(
    '<svg viewBox="0 0 10 12" width="10" height="12"><path d="M1 1h8M1 11h8M2 1c0 4 6 6 6 10M8 1c0 4-6 6-6 10" '
    'fill="none" stroke="currentColor" stroke-width="1.3"/></svg>'
)  # no font of a plain machine has the sign
MARKS = {"ok": "✓", "stop": "!", "wait": HOURGLASS, "unknown": "▨"}


def language() -> str:
    """Return the reader's language: `ja` or `en`."""
    return "ja" if (translation.get_language() or "ja").startswith("ja") else "en"


def say(code: str, /, **params: object) -> str:
    """Return the sentence behind a code in the reader's language."""
    return text(code, params, language())


register.simple_tag(say, name="say")


def sentences(*said: str) -> str:
    """Return sentences one after the other, apart as the reader's language has them."""
    return ("" if language() == "ja" else " ").join(said)


@register.simple_tag(name="code")
def said(code: str, params: dict[str, Any] | None = None) -> str:
    """Return the sentence of a code that came with its facts."""
    return text(code, params, language())


@register.simple_tag
def word(group: str, value: str) -> str:
    """Return the word for one of a closed set: `{% word "page_words.outcome" verdict.outcome %}`."""
    return text(f"{group}_{value}", None, language())


@register.simple_tag
def mark(state: str, words: str = "") -> SafeString:
    """Return a state's mark with its words: never by colour alone (ok, stop, wait, unknown)."""
    return format_html(
        '<span class="state state-{}"><span class="mark" aria-hidden="true">{}</span>{}</span>',
        state,
        MARKS[state],
        words or text(f"page_words.state_{state}", None, language()),
    )


@register.simple_tag
def icon(state: str) -> SafeString:
    """Return a state's mark alone, for beside a sentence that says the same in words."""
    return format_html(
        '<span class="state state-{}" aria-hidden="true"><span class="mark">{}</span></span>', state, MARKS[state]
    )


@register.filter
def side_name(side: str | None) -> str:
    """Return the word for a side; a side of another regime is named as the company names it."""
    name = f"side_{side or 'neutral'}"
    return text(f"page_words.{name}", None, language()) if name in catalogue(language(), "page_words") else str(side)


@register.filter
def is_japanese(words: str) -> bool:
    """Tell whether the words are Japanese, so that a page in another language marks them (`lang`)."""
    return JAPANESE.search(words) is not None


@register.filter
def class_names(names: Iterable[str] | None) -> list[str]:
    """Return the words for classes of the boundary; a class of another programme is named as the company names it."""
    known = catalogue(language(), "rules")
    return [known.get(f"class_{name}", name) for name in names or ()]


def brings(bundle: Bundle) -> str:
    """Return what brings a bundle, in words: any of each, all together."""
    parts = []
    for key in ("classes", "units", "companies", "titles"):
        names = sorted(getattr(bundle, key))
        if names:
            parts.append(
                f"{say(f'page_systems.{key}')}: {'、'.join(class_names(names) if key == 'classes' else names)}"
            )
    return " ＋ ".join(parts) or say("page_systems.everybody")


@register.filter
def day(value: date | datetime | None) -> str:
    """Return a day as people write it: 2027年4月1日（木）, Thu 1 Apr 2027."""
    if value is None:
        return "—"
    if value == date.min:
        return text("page_words.from_the_start", None, language())
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    if language() == "ja":
        return f"{value.year}年{value.month}月{value.day}日（{WEEKDAYS['ja'][value.weekday()]}）"
    return f"{WEEKDAYS['en'][value.weekday()]} {value.day} {MONTHS[value.month - 1]} {value.year}"


@register.filter
def moment(value: datetime | None) -> str:
    """Return a moment by the company's clock, to the minute."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    return f"{day(local)} {local:%H:%M}"


@register.simple_tag(takes_context=True)
def ago(context: dict[str, Any], value: datetime | None) -> str:
    """Return how long ago, or in how long; to stand beside the absolute time, never alone."""
    return "" if value is None else since(value, context["caller"].now)


def since(value: datetime, now: datetime) -> str:
    """Return how long ago a moment was, or in how long it will be."""
    gap = now - value
    way = "ago" if gap >= timedelta(0) else "ahead"
    seconds = abs(int(gap.total_seconds()))
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= size:
            return text(f"page_words.{way}_{unit}", {"n": seconds // size}, language())
    return text("page_words.just_now", None, language())


@register.filter
def number(value: int | None) -> str:
    """Return a number with its thousands apart."""
    return "—" if value is None else f"{value:,}"


@register.filter
def of(value: int, total: int) -> str:
    """Return `n of N`, as every count is shown."""
    return text("page_words.n_of_n", {"n": f"{value:,}", "total": f"{total:,}"}, language())
