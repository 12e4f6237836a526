"""Administration 管理: who may sign in, which roles, which settings, which days off. No business facts."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from django.conf import settings as site
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.periods import YEARS
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import administration as services
from sekisho.services import days_off, doctor, installation, installation_changes, logins
from sekisho.services.administration import SettingShown
from sekisho.services.calendar import national
from sekisho.services.days_off import DayOff
from sekisho.services.installation_changes import InstallationChange
from sekisho.services.installation_proposals import PARAMETER
from sekisho.services.logins import HeldRole, Login, Wanted
from sekisho.web import forms
from sekisho.web.installation_proposals import waiting_lines
from sekisho.web.ledger import kind_word
from sekisho.web.pages import Request, Shown, View, page
from sekisho.web.tables import Cell, Column, Row, asked_of, page_rows, table
from sekisho.web.words import day, moment, say, side_name

NEEDS = (FactKind.INSTALLATION,)
FIELDS = {
    "administration.no_name": "name",
    "administration.user_there": "name",
    "administration.no_reason": "reason",
    "administration.past_day": "start",
    "administration.bad_role": "end",
    "administration.no_person": "role",
    "administration.bad_end": "end",
}
"""Which field of the forms an error is about."""


def _room(path: str, name: str, *acts: str) -> Callable[[View], View]:
    return page(path, name, needs=NEEDS, least=Depth.DETAIL, acts=acts)


def _done(request: Request, code: str, **params: object) -> None:
    messages.success(request, say(code, **params))


def _refused(request: Request, error: SekishoError) -> None:
    messages.error(request, say(error.code, **{name: str(value) for name, value in error.params.items()}))


@_room("administration", "administration", "add")
def users(request: Request) -> HttpResponse | Shown:
    """List everybody with a role or a login; add a login."""
    caller = request.caller
    secret: dict[str, str] = {}
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            name = forms.needed(request.POST, "name")
            secret = {"name": name, "password": services.add_user(actor=caller.actor, now=caller.now, name=name)}
        except SekishoError as error:
            errors = forms.errors(error, FIELDS)
    asked, size = asked_of(request, "users"), page_rows(request)
    first, last = (0, None) if "sheet" in request.GET else ((asked.page - 1) * size, asked.page * size)
    wanted = Wanted(asked.words, _roles_named(asked.words), asked.sort == "-user", (first, last))
    found, total = logins.logins(actor=caller.actor, now=caller.now, wanted=wanted)
    keys = ("user", "person", "roles", "login", "steps")
    columns = [Column(key, say(f"page_administration.{key}"), sortable=key == "user") for key in keys]
    shown = table(
        request,
        "users",
        caption=say("page_administration.users"),
        columns=columns,
        rows=[_row(one) for one in found],
        empty=say("page_administration.no_users"),
        total=total,
    )
    context = {
        "tab": "users",
        "may_change": _may_change(request),
        "errors": errors,
        "posted": request.POST if errors else {},
        "secret": secret,
        "labels": forms.labels("page_administration", "user", "add_user_help"),
    }
    protected = logins.protection(actor=caller.actor, now=caller.now)
    context |= {"unprotected": protected.unprotected, "total": protected.total}
    return Shown("administration/users.html", context, (shown,), 422 if errors else 200)


def _roles_named(words: str) -> list[Role]:
    """Return the roles that any of the words names, as the reader's language calls them."""
    wanted = words.casefold().split()
    return [role for role in Role if any(word in say(f"roles.{role.value}").casefold() for word in wanted)]


def _row(one: Login) -> Row:
    href = reverse("administration_user", kwargs={"name": one.name})
    roles = "、".join(_role(role) for role in one.roles) or "—"
    state = "ok" if one.is_active and one.has_login else "wait"
    word = "can" if one.is_active and one.has_login else ("off" if one.has_login else "no_login")
    return Row(
        (
            Cell(one.name, one.name, href=href),
            Cell(one.person_id, one.person_id or "—"),
            Cell(roles),
            Cell(word, say(f"page_administration.{word}"), state=state),
            Cell(one.second_steps, str(one.second_steps)),
        ),
        href,
    )


def _role(held: HeldRole) -> str:
    return f"{say(f'roles.{held.role.value}')}（{side_name(held.side)}）"


@_room("administration/users/<str:name>", "administration_user", "give", "end", "renew", "off", "on")
def user(request: Request, name: str) -> HttpResponse | Shown:
    """Show one user; give and end roles, renew the sign-in, switch it off."""
    caller = request.caller
    context: dict[str, object] = {}
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            password = _change_user(request, name)
        except SekishoError as error:
            errors = forms.errors(error, FIELDS)
        else:
            if password is None:
                return redirect("administration_user", name=name)
            context["secret"] = {"name": name, "password": password}
    found = logins.login(actor=caller.actor, now=caller.now, name=name)
    context |= {
        "tab": "users",
        "errors": errors,
        "posted": request.POST if errors else {},
        "labels": forms.labels("page_account", "role", "side")
        | forms.labels("page_administration", "from", "to", "to_help"),
        "user": found,
        "lines": waiting_lines(request, subject=name),
        "rests": services.rests(name=name),
        "roles": [(one, say(f"roles.{one.role.value}")) for one in found.roles],
        "known_roles": [(role.value, say(f"roles.{role.value}")) for role in Role],
        "known_sides": [(side, side_name(side)) for side in services.sides(now=caller.now)],
        "may_change": _may_change(request),
        "today": installation.today(now=caller.now),
    }
    return Shown("administration/user.html", context, status=422 if errors else 200)


def _change_user(request: Request, name: str) -> str | None:
    """Do what the form asks; return a new password where there is one."""
    actor, now, posted = request.caller.actor, request.caller.now, request.POST
    match request.act:
        case "give":
            start, end = forms.needed_day(posted, "start"), forms.day(posted, "end")
            role, side = posted.get("role", ""), posted.get("side", "")
            services.give_role(actor=actor, now=now, name=name, role=role, side=side, start=start, end=end)
        case "end":
            role_id = forms.whole(posted.get("role_id", "")) or 0
            services.end_role(actor=actor, now=now, role_id=role_id, end=forms.needed_day(posted, "end"))
        case "renew":
            return services.renew_sign_in(actor=actor, now=now, name=name)
        case "off" | "on" as way:
            services.switch(actor=actor, now=now, name=name, active=way == "on")
    _done(request, "page_administration.saved")
    return None


@_room("administration/parameters", "administration_parameters", "change", "withdraw")
def parameters(request: Request) -> HttpResponse | Shown:
    """Show every parameter beside the domain's default; set one from a day on, take a coming change back."""
    caller, posted = request.caller, request.POST
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            _change_setting(request)
        except SekishoError as error:
            errors = forms.errors(error, FIELDS)
        else:
            _done(request, "page_administration.saved")
            return redirect("administration_parameters")
    found = services.settings(actor=caller.actor, now=caller.now)
    keys = ("parameter", "value", "default", "since", "following")
    shown = table(
        request,
        "parameters",
        caption=say("page_administration.parameters"),
        columns=[Column(key, say(f"page_administration.{key}")) for key in keys],
        rows=[_setting(one) for one in found],
        empty="",
    )
    context = {
        "tab": "parameters",
        "names": [(one.name, f"{say(f'parameters.about_{one.name}')} · {one.name}") for one in found],
        "coming": [(one.name, start, _value(value)) for one in found for start, value in one.following],
        "errors": errors,
        "posted": posted if errors else {},
        "labels": forms.labels("page_administration", "parameter", "value", "value_help", "from", "reason"),
        "lines": waiting_lines(request, kind=PARAMETER),
        "changed": sum(one.value != one.default for one in found),
        "total": len(found),
        "may_change": _may_change(request),
        "today": installation.today(now=caller.now),
    }
    return Shown("administration/parameters.html", context, (shown,), 422 if errors else 200)


def _change_setting(request: Request) -> None:
    caller, posted = request.caller, request.POST
    name, start = posted.get("name", ""), forms.needed_day(posted, "start")
    if request.act == "withdraw":
        installation_changes.withdraw_setting(actor=caller.actor, now=caller.now, name=name, start=start)
        return
    services.change_setting(
        actor=caller.actor,
        now=caller.now,
        name=name,
        written=forms.needed(posted, "value"),
        start=start,
        reason=posted.get("reason", ""),
    )


def _setting(one: SettingShown) -> Row:
    following = "、".join(f"{day(start)}: {_value(value)}" for start, value in one.following)
    return Row(
        (
            Cell(one.name, say(f"parameters.about_{one.name}"), note=one.name),
            Cell(_value(one.value)),
            Cell(_value(one.default)),
            Cell(one.since, day(one.since)),
            Cell(following, following or "—"),
        )
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return say("page_administration.yes" if value else "page_administration.no")
    return str(value) if value != "" else "—"


@_room("administration/calendar", "administration_calendar", "add", "remove")
def calendar(request: Request) -> HttpResponse | Shown:
    """Show a year's days off, the nation's and the company's own; add one, remove one that was added here."""
    caller, posted = request.caller, request.POST
    written = request.GET.get("year", "")
    errors: dict[str, str] = {}
    year = forms.whole(written) or 0
    if year not in YEARS:
        year = installation.today(now=caller.now).year
    if request.method == "POST":
        try:
            if request.act == "remove":
                day_id = forms.whole(posted.get("day_id", "")) or 0
                days_off.remove_day_off(actor=caller.actor, now=caller.now, day_id=day_id)
            else:
                when, name = forms.needed_day(posted, "day"), forms.needed(posted, "name")
                days_off.add_day_off(actor=caller.actor, now=caller.now, day=when, name=name)
                year = when.year
        except SekishoError as error:
            errors = forms.errors(error, FIELDS)
        else:
            _done(request, "page_administration.saved")
            return HttpResponseRedirect(f"{reverse('administration_calendar')}?year={year}")
    found = days_off.days_off(actor=caller.actor, now=caller.now, year=year)
    own = {one.day for one in found}
    nations: list[tuple[date, str, DayOff | None]] = [
        (when, name, None) for when, name in national(year=year) if when not in own
    ]
    context = {
        "tab": "calendar",
        "own": len(found),
        "days": sorted([*((one.day, one.name, one) for one in found), *nations], key=lambda row: row[0]),
        "year": year,
        "errors": errors,
        "posted": posted if errors else {},
        "labels": forms.labels("page_administration", "day", "day_name"),
        "may_change": _may_change(request),
    }
    return Shown("administration/calendar.html", context, status=422 if errors else 200, prints=True)


@_room("administration/health", "administration_health", "clock")
def health(request: Request) -> HttpResponse | Shown:
    """Show what the doctor finds, and set the clock of a rehearsal."""
    caller = request.caller
    if request.method == "POST":
        try:
            when = timezone.make_aware(datetime.fromisoformat(request.POST.get("at", "")))
            if when.year not in YEARS:
                raise ValueError("a year that nobody asks for")
            services.set_clock(actor=caller.actor, home=Path(site.HOME), now=caller.now, claimed=when)
        except (ValueError, OverflowError):
            messages.error(request, say("page_administration.bad_moment"))
        except SekishoError as error:
            _refused(request, error)
        else:
            _done(request, "page_administration.saved")
        return redirect("administration_health")
    states = {"ok": "ok", "warn": "wait", "fail": "stop"}
    checks = [
        (states[one.state.value], say(f"page_administration.check_{one.state.value}"), say(one.code, **one.params))
        for one in doctor.examine(now=caller.now)
    ]
    good = sum(state == "ok" for state, _, _ in checks)
    context = {"tab": "health", "checks": checks, "good": good, "may_change": _may_change(request)}
    return Shown("administration/health.html", context)


@_room("administration/changes", "administration_changes")
def changes(request: Request) -> Shown:
    """Show what was changed about the installation on a day."""
    caller = request.caller
    chosen = forms.day(request.GET, "day") or installation.today(now=caller.now)
    found = installation_changes.changes(actor=caller.actor, now=caller.now, day=chosen)
    keys = ("changed_at", "change_kind", "changed_by", "changed")
    shown = table(
        request,
        "changes",
        caption=say("page_administration.changes"),
        columns=[
            Column(key, say(f"page_administration.{key}"), "moment" if key == "changed_at" else "text") for key in keys
        ],
        rows=[_changed(one) for one in found],
        empty=say("page_administration.no_changes"),
    )
    context = {"tab": "changes", "day": chosen, "total": len(found)}
    return Shown("administration/changes.html", context, (shown,))


def _changed(one: InstallationChange) -> Row:
    said = "、".join(f"{key}: {value}" for key, value in one.facts.items() if value not in {None, ""})
    return Row((Cell(one.at, moment(one.at)), Cell(kind_word(one.kind)), Cell(one.actor), Cell(said, said or "—")))


def _may_change(request: Request) -> bool:
    return services.may_change(actor=request.caller.actor, now=request.caller.now)
