"""Units and companies: classes and heads over time, who is there on a day, a company's status and its history."""

from django.urls import reverse

from sekisho.core.visibility import Depth, FactKind
from sekisho.services import installation, units_shown
from sekisho.services.units_shown import CompanyVersion, Member, UnitVersion
from sekisho.web import forms
from sekisho.web.pages import Request, Shown, page
from sekisho.web.tables import Cell, Column, Row, table
from sekisho.web.words import class_names, say, side_name
from sekisho.web.words import day as written_day


@page("units/<str:code>", "unit", needs=(FactKind.BOUNDARY,), least=Depth.DETAIL)
def unit(request: Request, code: str) -> Shown:
    """Show a unit's place, classes and heads over time, and who is there on a day."""
    caller = request.caller
    day = forms.day(request.GET, "day") or installation.today(now=caller.now)
    found = units_shown.unit(actor=caller.actor, now=caller.now, code=code, day=day)
    keys = ("since", "until", "name", "company", "parent", "classes", "head", "deputy")
    versions = table(
        request,
        "versions",
        caption=say("page_people.versions"),
        columns=[Column(key, say(f"page_people.{key}"), _kind(key)) for key in keys],
        rows=[_version(one, found.heads) for one in reversed(found.versions)],
        empty="",
    )
    shown = ("person", "title", "kind", "since")
    members = table(
        request,
        "members",
        caption=say("page_people.members", day=written_day(day)),
        columns=[Column(key, say(f"page_people.{key}"), _kind(key)) for key in shown],
        rows=[_member(one) for one in found.members or ()],
        empty=say("page_people.nobody"),
    )
    context = {
        "unit": found,
        "last": found.versions[-1],
        "classes": class_names(found.classes),
        "day": day,
        "unclassified_short": say("page_people.unclassified_short"),
        "side": side_name(found.side),
    }
    return Shown("people/unit.html", context, (versions, members))


@page("companies/<str:company>", "company", needs=(FactKind.BOUNDARY,), least=Depth.DETAIL)
def company(request: Request, company: str) -> Shown:
    """Show a company's status over time and its units of today."""
    caller = request.caller
    found = units_shown.company(actor=caller.actor, now=caller.now, code=company)
    keys = ("since", "until", "name", "status", "side")
    versions = table(
        request,
        "versions",
        caption=say("page_people.company_versions"),
        columns=[Column(key, say(f"page_people.{key}"), _kind(key)) for key in keys],
        rows=[_company(one) for one in reversed(found.versions)],
        empty="",
    )
    context = {"company": found, "last": found.versions[-1], "status": _status(found.versions[-1].status)}
    return Shown("people/company.html", context, (versions,))


def _kind(key: str) -> str:
    return "day" if key in {"since", "until"} else "text"


def _status(status: str) -> str:
    return say(f"page_people.status_{status}")


def _company(one: CompanyVersion) -> Row:
    return Row(
        (
            Cell(one.start, written_day(one.start)),
            Cell(one.end, written_day(one.end)),
            Cell(one.name),
            Cell(_status(one.status)),
            Cell(one.side, side_name(one.side)),
        )
    )


def _version(one: UnitVersion, names: dict[str, str]) -> Row:
    parent = reverse("unit", kwargs={"code": one.parent}) if one.parent else ""
    return Row(
        (
            Cell(one.start, written_day(one.start)),
            Cell(one.end, written_day(one.end)),
            Cell(one.name),
            Cell(one.company, one.company, href=reverse("company", kwargs={"company": one.company})),
            Cell(one.parent, one.parent or "—", href=parent),
            _classes(one.classes),
            _head(one.head, names),
            _head(one.deputy, names),
        )
    )


def _classes(written: str) -> Cell:
    """Return the classes as written: `?` is unknown, and as loud as an error; nothing written takes the parent's."""
    if written == "?":
        said = say("page_people.classes_unknown")
        return Cell(said, said, state="unknown")
    if written in {"", "none"}:
        said = say("page_people.classes_none" if written else "page_people.classes_inherited")
        return Cell(said, said)
    return Cell(written, "、".join(class_names(written.split(";"))))


def _head(person: str | None, names: dict[str, str]) -> Cell:
    if person is None or (person and person not in names):
        return Cell(None, say("page_people.someone"))
    if not person:
        return Cell("", "—")
    return Cell(names[person], names[person], href=reverse("person", kwargs={"person": person}), note=person)


def _member(one: Member) -> Row:
    return Row(
        (
            Cell(one.name, one.name, href=reverse("person", kwargs={"person": one.person_id}), note=one.person_id),
            Cell(one.title, one.title or "—"),
            Cell(one.kind, say(f"page_people.kind_{one.kind}")),
            Cell(one.start, written_day(one.start)),
        )
    )
