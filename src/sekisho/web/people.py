"""People and units: who was where, when; as known then and as known now."""

from datetime import date, datetime, timedelta

from django.urls import reverse

from sekisho.core.kinds import PersonId
from sekisho.core.visibility import Depth, FactKind
from sekisho.reports import timelines
from sekisho.services import exceptions_shown, installation, person_story, search, units_shown
from sekisho.services.person_story import Chapter, Story
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, Table, table
from sekisho.web.words import day as written_day
from sekisho.web.words import say, side_name


@page("people", "people", needs=(FactKind.PERSON, FactKind.BOUNDARY), least=Depth.DETAIL)
def people(request: Request) -> Shown:
    """Find a person or a unit."""
    words = request.GET.get("q", "").strip()
    found = search.search(actor=request.caller.actor, now=request.caller.now, words=words)
    return Shown(
        "people/people.html", {"words": words, "persons": found.persons, "units": found.units, "more": found.more}
    )


@page("people/<str:person>", "person", needs=())
def person(request: Request, person: str) -> Shown:
    """Show a person's posts over time, as known at the end of `?known=` or now; one's own to everybody."""
    caller = request.caller
    asked = forms.day(request.GET, "known")
    known_at = _end_of(asked, caller.now) if asked else caller.now
    found = person_story.story(actor=caller.actor, person_id=PersonId(person), known_at=known_at, now=caller.now)
    today = installation.today(now=caller.now)
    here = [one for one in found.chapters if one.post.period.holds(today) and not one.kept]
    context = {
        "story": found,
        "name": found.names[-1].name if found.names else person,
        "held": [(one, one.unit_name or one.post.unit) for one in here],
        "asked": asked,
        "today": today,
        "picture": timelines.posts(
            [_bar(one) for one in found.chapters], title=say("page_people.picture"), today=today
        ),
        "may_ask": bool(exceptions_shown.offers(actor=caller.actor, now=caller.now)),
        "away": any(one.period.holds(today) for one in found.absences),
    }
    return Shown("people/person.html", context, (_posts(request, found),))


@page("units/<str:code>", "unit", needs=(FactKind.BOUNDARY,), least=Depth.DETAIL)
def unit(request: Request, code: str) -> Shown:
    """Show a unit's classes over time and who is there on a day."""
    caller = request.caller
    day = forms.day(request.GET, "day") or installation.today(now=caller.now)
    found = units_shown.unit(actor=caller.actor, now=caller.now, code=code, day=day)
    members = found.members or ()
    rows = [
        Row(
            (
                Cell(one.name, one.name, href=reverse("person", kwargs={"person": one.person_id}), note=one.person_id),
                Cell(one.title, one.title or "—"),
                Cell(one.kind, say(f"page_people.kind_{one.kind}")),
                Cell(one.start, written_day(one.start)),
            )
        )
        for one in members
    ]
    columns = [Column(key, say(f"page_people.{key}")) for key in ("person", "title", "kind", "since")]
    caption = say("page_people.members", day=written_day(day))
    shown = table(request, "members", caption=caption, columns=columns, rows=rows, empty=say("page_people.nobody"))
    context = {"unit": found, "last": found.versions[-1], "day": day, "side": side_name(found.side)}
    return Shown("people/unit.html", context, (shown,))


def _end_of(day: date, now: datetime) -> datetime:
    """Return the last instant of the company's day, or now where that lies ahead."""
    end = installation.midnight(day=day, known_at=now) + timedelta(days=1, microseconds=-1)
    return min(end, now)


def _bar(one: Chapter) -> timelines.Bar:
    lane = "home" if one.kept else one.post.kind.value
    return timelines.Bar(
        lane, one.unit_name or one.post.unit, one.side or "", one.post.period.start, one.post.period.end
    )


def _posts(request: Request, found: Story) -> Table:
    keys = ("since", "until", "unit", "title", "kind", "side", "company", "employer")
    rows = [_post(one) for one in reversed(found.chapters)]
    return table(
        request,
        "posts",
        caption=say("page_people.posts"),
        columns=[
            Column(key, say(f"page_people.{key}"), "day" if key in {"since", "until"} else "text") for key in keys
        ],
        rows=rows,
        empty=say("page_people.no_posts"),
    )


def _post(one: Chapter) -> Row:
    post = one.post
    kind = say("page_people.kind_home") if one.kept else say(f"page_people.kind_{post.kind.value}")
    name = one.unit_name or post.unit
    return Row(
        (
            Cell(post.period.start, written_day(post.period.start)),
            Cell(post.period.end, written_day(post.period.end)),
            Cell(name, name or "—", href=reverse("unit", kwargs={"code": post.unit}) if post.unit else ""),
            Cell(post.title, post.title or "—"),
            Cell(kind),
            Cell(one.side or "", side_name(one.side)),
            Cell(post.company),
            Cell(post.employer),
        )
    )
