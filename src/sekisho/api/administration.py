"""Administration 管理: who may sign in and which roles; parameters, days off, health. No business facts."""

from datetime import date

from ninja import Query
from pydantic import Field, StrictBool

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day, Id, Moment, Name, Question, Said, Words, said
from sekisho.core.kinds import Role
from sekisho.core.parameters import ParameterValue
from sekisho.core.visibility import FactKind
from sekisho.services import administration, days_off, doctor, installation, logins
from sekisho.services.administration import SettingShown
from sekisho.services.logins import HeldRole, Login

NEEDS = (FactKind.INSTALLATION,)


class RoleHeld(Answer):
    """A role of a user; `entered` tells that it was given here and may be ended here."""

    id: int
    role: Role
    side: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")
    entered: bool


class User(Answer):
    """A user; `has_login` false: users.csv names him, and nobody can sign in so far."""

    name: str
    person_id: str
    has_login: bool
    is_active: bool
    second_steps: int
    roles: list[RoleHeld]


class Secret(Answer):
    """A first password: shown once, kept nowhere."""

    user: str
    password: str


class Following(Answer):
    """A value that is set for a later day."""

    start: Day = Field(serialization_alias="from")
    value: ParameterValue


class Parameter(Answer):
    """A parameter: its value today, the domain's default, and what is set to follow."""

    name: str
    about: Said
    value: ParameterValue
    default: ParameterValue
    since: Day | None
    entered: bool
    following: list[Following]


class DayOff(Answer):
    """A day off of the company's own."""

    id: int
    day: Day
    name: str
    entered: bool


class Check(Answer):
    """One thing examined; `state` is ok, warn or fail."""

    name: str
    state: str
    message: Said


class Health(Answer):
    """What the doctor finds, and what the installation's clock shows."""

    now: Moment
    rehearsal: bool
    checks: list[Check]


class Done(Answer):
    """It is done; there is nothing more to say of it."""

    done: bool


class NewUser(Question):
    """Who shall be able to sign in."""

    name: Words = Field(examples=["yamada"])


class RoleWanted(Question):
    """Which role, for which side or `both`, from when and until when."""

    role: Role
    side: Words = Field(examples=["network"])
    start: Day = Field(alias="from")
    end: Day | None = Field(None, alias="to")


class Ending(Question):
    """The first day on which it no longer holds."""

    end: Day = Field(alias="to")


class SignIn(Question):
    """Whether a user may sign in."""

    active: StrictBool


class NewValue(Question):
    """A parameter's value from a day on, written as company.toml has it, and why."""

    value: Words = Field(examples=["365"])
    start: Day = Field(alias="from")
    reason: Words = Field(examples=["Agreed with the regulator"])


class NewDayOff(Question):
    """A day off and its name."""

    day: Day
    name: Words = Field(examples=["Founding day"])


class Clock(Question):
    """What a rehearsal's clock shall show."""

    at: Moment


@call("GET users", scope="administration:read", needs=NEEDS)
def user_list(request: Request, paging: Query[Paging]) -> Listed[User]:
    """List everybody with a role or a login."""
    found, _ = logins.logins(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.name, made=_user)


@call("POST users", scope="administration:write", needs=NEEDS, status=201)
def user_add(request: Request, body: NewUser) -> Secret:
    """Make a login; its first password is shown once."""
    name = body.name.strip()
    password = administration.add_user(actor=request.caller.actor, now=request.caller.now, name=name)
    return Secret(user=name, password=password)


@call("GET users/{name}", scope="administration:read", needs=NEEDS)
def user_show(request: Request, name: Name) -> User:
    """Return one user."""
    return _login(request, name)


@call("POST users/{name}/roles", scope="administration:write", needs=NEEDS, status=201)
def role_give(request: Request, name: Name, body: RoleWanted) -> User:
    """Give a user a role; never oneself."""
    administration.give_role(
        actor=request.caller.actor,
        now=request.caller.now,
        name=name,
        role=body.role,
        side=body.side,
        start=body.start,
        end=body.end,
    )
    return _login(request, name)


@call("POST users/{name}/roles/{role_id}/end", scope="administration:write", needs=NEEDS)
def role_end(request: Request, name: Name, role_id: Id, body: Ending) -> User:
    """End a role that was given here."""
    if role_id not in {one.id for one in _login(request, name).roles}:
        raise logins.UnknownUser("administration.unknown_role", {"id": role_id})
    administration.end_role(actor=request.caller.actor, now=request.caller.now, role_id=role_id, end=body.end)
    return _login(request, name)


@call("POST users/{name}/renew", scope="administration:write", needs=NEEDS)
def user_renew(request: Request, name: Name) -> Secret:
    """Renew a user's sign-in: a new password, no passkeys, no sessions, no tokens."""
    password = administration.renew_sign_in(actor=request.caller.actor, now=request.caller.now, name=name)
    return Secret(user=name, password=password)


@call("PUT users/{name}/sign-in", scope="administration:write", needs=NEEDS)
def user_switch(request: Request, name: Name, body: SignIn) -> User:
    """Let a user sign in or not; switched off, his sessions and tokens end at once."""
    administration.switch(actor=request.caller.actor, now=request.caller.now, name=name, active=body.active)
    return _login(request, name)


@call("GET parameters", scope="administration:read", needs=NEEDS)
def parameter_list(request: Request, paging: Query[Paging]) -> Listed[Parameter]:
    """List every parameter beside the domain's default."""
    found = administration.settings(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.name, made=_parameter)


@call("PUT parameters/{name}", scope="administration:write", needs=NEEDS)
def parameter_set(request: Request, name: Name, body: NewValue) -> Parameter:
    """Set a parameter from a day on, with a reason; what held before that day stays."""
    actor, now = request.caller.actor, request.caller.now
    administration.change_setting(
        actor=actor, now=now, name=name, written=body.value, start=body.start, reason=body.reason
    )
    return next(_parameter(one) for one in administration.settings(actor=actor, now=now) if one.name == name)


@call("GET days-off", scope="administration:read", needs=NEEDS)
def day_off_list(request: Request, paging: Query[Paging], day: Day | None = None) -> Listed[DayOff]:
    """List the company's own days off of the year in which the day lies, this year's where none is named."""
    when = day or installation.today(now=request.caller.now)
    found = days_off.days_off(actor=request.caller.actor, now=request.caller.now, year=when.year)
    return listed(request, paging, found, key=lambda one: one.id, made=DayOff.model_validate)


@call("POST days-off", scope="administration:write", needs=NEEDS, status=201)
def day_off_add(request: Request, body: NewDayOff) -> DayOff:
    """Add a day off."""
    days_off.add_day_off(actor=request.caller.actor, now=request.caller.now, day=body.day, name=body.name)
    return next(one for one in _days_off(request, body.day) if one.day == body.day)


@call("DELETE days-off/{day_id}", scope="administration:write", needs=NEEDS)
def day_off_remove(request: Request, day_id: Id) -> Done:
    """Remove a day off that was entered here."""
    days_off.remove_day_off(actor=request.caller.actor, now=request.caller.now, day_id=day_id)
    return Done(done=True)


@call("GET health", scope="administration:read", needs=NEEDS)
def health(request: Request) -> Health:
    """Return what the doctor finds."""
    caller = request.caller
    checks = [
        Check(name=one.name, state=one.state.value, message=said(one.code, one.params))
        for one in doctor.examine(now=caller.now)
    ]
    return Health(now=caller.now, rehearsal=installation.is_rehearsal(home=caller.home), checks=checks)


@call("PUT clock", scope="administration:write", needs=NEEDS)
def clock_set(request: Request, body: Clock) -> Done:
    """Set a rehearsal's clock; a home that is none refuses."""
    caller = request.caller
    administration.set_clock(actor=caller.actor, home=caller.home, now=caller.now, claimed=body.at)
    return Done(done=True)


def _login(request: Request, name: str) -> User:
    return _user(logins.login(actor=request.caller.actor, now=request.caller.now, name=name))


def _days_off(request: Request, day: date) -> list[DayOff]:
    found = days_off.days_off(actor=request.caller.actor, now=request.caller.now, year=day.year)
    return [DayOff.model_validate(one) for one in found]


def _user(one: Login) -> User:
    return User(
        name=one.name,
        person_id=one.person_id,
        has_login=one.has_login,
        is_active=one.is_active,
        second_steps=one.second_steps,
        roles=[_role(each) for each in one.roles],
    )


def _role(one: HeldRole) -> RoleHeld:
    return RoleHeld.model_validate(one)


def _parameter(one: SettingShown) -> Parameter:
    return Parameter(
        name=one.name,
        about=said(f"parameters.about_{one.name}"),
        value=one.value,
        default=one.default,
        since=one.since,
        entered=one.entered,
        following=[Following(start=start, value=value) for start, value in one.following],
    )
