"""People: who was where on a day, as known on a day; what was learned later; access, moves, numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from sekisho.core.kinds import Basis, PersonId
from sekisho.core.visibility import Depth, FactKind
from sekisho.reports import timelines
from sekisho.services import (
    exceptions_shown,
    installation,
    person_access,
    person_learned,
    search,
    season,
    transfers,
    units_shown,
)
from sekisho.services.person_access import Held
from sekisho.services.person_learned import Change, Compared, Learned
from sekisho.services.person_story import Chapter
from sekisho.web import forms
from sekisho.web.moves import moves_table
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import brings, say, side_name
from sekisho.web.words import day as written_day

BASES = {Basis.BOTH: "ok", Basis.OBSERVED: "stop", Basis.DESIRED: "wait"}
"""Seen and due, seen and not due, due and not seen."""


@page("people", "people", needs=(FactKind.PERSON, FactKind.BOUNDARY), least=Depth.DETAIL)
def people(request: Request) -> Shown:
    """Find a person or a unit; without words, the chart of units."""
    caller, words = request.caller, request.GET.get("q", "").strip()
    found = search.search(actor=caller.actor, now=caller.now, words=words)
    chart = units_shown.chart(actor=caller.actor, now=caller.now)
    context = {"words": words, "persons": found.persons, "units": found.units, "more": found.more, "chart": chart}
    context |= {"find_label": say("page_people.find"), "find_help": say("page_people.find_help")}
    return Shown("people/people.html", context, prints=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The two days of the page: of which day it tells, and as known at the end of which day (None: now)."""

    on: date
    known: date | None
    known_at: datetime


@page("people/<str:person>", "person", needs=())
def person(request: Request, person: str) -> Shown:
    """Show a person on `?on=`, as known at the end of `?known=` or now; oneself to everybody."""
    caller, person_id = request.caller, PersonId(person)
    asked = _asked(request)
    found = person_learned.compared(actor=caller.actor, person_id=person_id, known_at=asked.known_at, now=caller.now)
    then = found.then or found.now
    held = [] if found.then is None else [one for one in then.chapters if _is_held(one, asked.on)]
    mine = person_access.access_of(
        actor=caller.actor, person_id=then.person_id, day=asked.on, known_at=asked.known_at, now=caller.now
    )
    moves = transfers.of_person(actor=caller.actor, now=caller.now, person_id=then.person_id)
    context = {
        "story": then,
        "name": found.now.names[-1].name if found.now.names else person,
        "held": "、".join(_post_name(one) for one in held),
        "on_label": say("page_people.on"),
        "known_label": say("page_people.known"),
        "known_help": say("page_people.known_help"),
        "on": asked.on,
        "known": asked.known,
        "today": installation.today(now=caller.now),
        "nothing_then": found.then is None,
        "learned": [_learned_sentence(one, asked) for one in found.learned],
        "picture": "" if found.then is None else _picture(then.chapters, asked.on, "picture"),
        "picture_now": _picture(found.now.chapters, asked.on, "picture_now", _new(found)) if found.learned else "",
        "away": any(one.period.holds(asked.on) for one in then.absences),
        "access": mine,
        "ahead": asked.known_at < installation.midnight(day=asked.on, known_at=caller.now),
        "may_ask": bool(exceptions_shown.offers(actor=caller.actor, now=caller.now)),
        "odd": sum(one.basis is not Basis.BOTH for one in mine or ()),
    }
    glimpsed = [season.of_move(one) for one in moves]
    tables = [_posts(request, found, asked), moves_table(request, glimpsed, say("page_people.moves"))]
    if mine is not None:
        tables.append(_access(request, mine, asked))
    return Shown("people/person.html", context, tuple(tables))


def _asked(request: Request) -> _Asked:
    now = request.caller.now
    known, known_at = forms.known(request)
    return _Asked(forms.day(request.GET, "on") or installation.today(now=now), known, known_at)


def _is_held(one: Chapter, day: date) -> bool:
    return one.post.period.holds(day) and not one.kept


def _new(found: Compared) -> frozenset[Chapter]:
    return frozenset(one.chapter for one in found.learned if one.change is Change.NEW)


def _post_name(one: Chapter) -> str:
    name = " ".join(filter(None, (one.unit_name or one.post.unit, one.post.title)))
    return f"{name}（{say('page_people.kind_home')}）" if one.kept else name


def _learned_sentence(one: Learned, asked: _Asked) -> str:
    post = one.chapter.post
    facts = {"post": _post_name(one.chapter), "start": written_day(post.period.start), "day": written_day(asked.known)}
    facts |= {"end": written_day(post.period.end), "end_then": written_day(one.end_then)}
    said = say(f"page_people.learned_{one.change.value}", **facts)
    return f"{said} {say('page_people.learned_at', at=written_day(one.at))}" if one.at else said


def _picture(chapters: Sequence[Chapter], on: date, title: str, later: frozenset[Chapter] = frozenset()) -> str:
    bars = [
        timelines.Bar(
            "home" if one.kept else one.post.kind.value,
            one.unit_name or one.post.unit,
            one.side or "",
            one.post.period.start,
            one.post.period.end,
            learned_later=one in later,
        )
        for one in chapters
    ]
    return timelines.posts(bars, title=say(f"page_people.{title}"), today=on)


def _posts(request: Request, found: Compared, asked: _Asked) -> Table:
    keys = ["since", "until", "unit", "title", "kind", "side", "company", "employer"]
    marks = {one.chapter: one.change for one in found.learned}
    gone = [one.chapter for one in found.learned if one.change is Change.GONE]
    chapters = [*found.now.chapters, *gone]
    chapters.sort(key=lambda one: (one.post.period.start, one.kept), reverse=True)
    if asked.known is not None:
        keys.append("then_known")
    return table(
        request,
        "posts",
        caption=say("page_people.posts"),
        columns=[
            Column(key, say(f"page_people.{key}"), "day" if key in {"since", "until"} else "text") for key in keys
        ],
        rows=[_post(one, marks.get(one), found, asked) for one in chapters],
        empty=say("page_people.no_posts"),
    )


def _post(one: Chapter, change: Change | None, found: Compared, asked: _Asked) -> Row:
    post = one.post
    kind = say("page_people.kind_home") if one.kept else say(f"page_people.kind_{post.kind.value}")
    name = one.unit_name or post.unit
    cells = [
        Cell(post.period.start, written_day(post.period.start)),
        Cell(post.period.end, written_day(post.period.end)),
        Cell(name, name or "—", href=reverse("unit", kwargs={"code": post.unit}) if post.unit else ""),
        Cell(post.title, post.title or "—"),
        Cell(kind),
        Cell(one.side or "", side_name(one.side)),
        Cell(post.company, post.company, href=reverse("company", kwargs={"company": post.company})),
        Cell(post.employer),
    ]
    if asked.known is not None:
        word = "new" if found.then is None else change.value if change else "same"
        said = say(f"page_people.then_{word}")
        cells.append(Cell(said, said, state="" if word == "same" else "wait"))
    return Row(tuple(cells))


def _access(request: Request, mine: Sequence[Held], asked: _Asked) -> Table:
    keys = ("system", "entitlement", "protected", "basis", "because")
    return table(
        request,
        "access",
        caption=say("page_people.access", day=written_day(asked.on)),
        columns=[Column(key, say(f"page_people.{key}")) for key in keys],
        rows=[_held(one) for one in mine],
        empty=say("page_people.no_access"),
    )


def _held(one: Held) -> Row:
    basis = say(f"page_people.basis_{one.basis.value}")
    why = "、".join(_because(word, one) for word in one.because)
    return Row(
        (
            Cell(one.system_name, one.system_name, href=reverse("system", kwargs={"system": one.system})),
            Cell(one.entitlement),
            Cell(say("page_people.yes" if one.protected else "page_people.no")),
            Cell(basis, basis, state=BASES[one.basis]),
            Cell(why, why or say("page_people.because_nothing")),
        )
    )


def _because(word: str, held: Held) -> str:
    bundle = held.bundles.get(word.removeprefix("bundle:"))
    return say("page_people.because_bundle", name=brings(bundle)) if bundle else because(word)


def because(word: str) -> str:
    """Return in words what brings an entitlement: `bundle:…`, `unit:…`, `grant:…`."""
    kind, _, name = word.partition(":")
    return say(f"page_people.because_{kind}", name=name) if kind in {"bundle", "unit", "grant"} else word
