"""The time to a moment or since it, in words that a small script keeps going (`static/js/clock.js`)."""

from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from sekisho.web.words import moment, say

UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


def gap(span: timedelta) -> str:
    """Return a span in its two largest units, minutes at the least: 1日3時間, 3 h 12 min."""
    parts: list[str] = []
    rest = abs(int(span.total_seconds()))
    for name, size in UNITS:
        count, rest = divmod(rest, size)
        if count or (name == "minutes" and not parts):
            parts.append(say(f"page_board.unit_{name}", n=count))
    return say("page_board.unit_join").join(parts[:2]).strip()


def clock(at: datetime, *, now: datetime) -> SafeString:
    """Return the moment, and how long it is to go or gone by; right without the script, live with it."""
    words = {name: say(f"page_board.{name}", gap="{}") for name in ("clock_to", "clock_since")}
    units = "|".join(
        [*(say(f"page_board.unit_{name}", n="{}") for name, _ in UNITS), say("page_board.unit_seconds", n="{}")]
    )
    relative = words["clock_to" if now < at else "clock_since"].replace("{}", gap(at - now))
    return format_html(
        '<time datetime="{}">{}</time> <span class="clock" data-clock="{}" data-now="{}" data-to="{}" data-since="{}"'
        ' data-units="{}" data-join="{}">{}</span>',
        at.isoformat(),
        moment(at),
        at.isoformat(),
        now.isoformat(),
        words["clock_to"],
        words["clock_since"],
        units,
        say("page_board.unit_join"),
        relative,
    )
