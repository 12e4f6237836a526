"""Systems and access: what is there, what brings it, when it was last read, who could see it on which day."""

from datetime import timedelta
from typing import Annotated

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Day, Moment, Name
from sekisho.core.access import Bundle as FoundBundle
from sekisho.core.holders import Holder as FoundHolder
from sekisho.core.kinds import Basis, Ownership, Side
from sekisho.core.periods import Period
from sekisho.core.visibility import FactKind
from sekisho.services import installation, systems_shown, who
from sekisho.services.systems_shown import SystemShown

SYSTEMS = (FactKind.SYSTEM,)


class LastRead(Answer):
    """The last read of a system; `failure` is a code, empty where it answered."""

    at: Moment
    complete: bool
    failure: str
    accounts: int | None
    holdings: int | None


class Entitlement(Answer):
    """Something that an account can hold there."""

    id: str
    side: Side | None
    protected: bool
    owned: Ownership
    info_classes: list[str]


class Bundle(Answer):
    """What brings entitlements. Within a list: any; between lists: all; an empty list: anything."""

    id: str
    entitlements: list[str]
    classes: list[str]
    units: list[str]
    companies: list[str]
    titles: list[str]
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")


class System(Answer):
    """A system; `read` is null where it was never read."""

    id: str
    name: str
    side: Side
    protected: bool
    connector: str
    entitlements: list[Entitlement]
    bundles: list[Bundle]
    read: LastRead | None


class Coverage(Answer):
    """The last reads of a system, the newest first; on how many of the last days it was read whole."""

    reads: list[LastRead]
    days_read: int
    days: int
    holders: dict[str, int]


class Holder(Answer):
    """Who held an entitlement over days, by what should have been, by what was seen, or by both."""

    person_id: str | None
    account: str
    entitlement: str
    start: Day = Field(serialization_alias="from")
    end: Day | None = Field(serialization_alias="to")
    basis: Basis
    because: list[str]


@call("GET systems", scope="systems:read", needs=SYSTEMS)
def system_list(request: Request, paging: Query[Paging]) -> Listed[System]:
    """List the systems of the sides that the caller reads."""
    found = systems_shown.systems(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.system.id, made=_system)


@call("GET systems/{system}", scope="systems:read", needs=SYSTEMS)
def system_show(request: Request, system: Name) -> System:
    """Return one system."""
    return _system(systems_shown.system(actor=request.caller.actor, now=request.caller.now, system_id=system))


@call("GET systems/{system}/coverage", scope="systems:read", needs=SYSTEMS)
def system_coverage(request: Request, system: Name) -> Coverage:
    """Return how well a system was read of late, and how many accounts hold each entitlement."""
    found = systems_shown.coverage(actor=request.caller.actor, now=request.caller.now, system_id=system)
    return Coverage(
        reads=[LastRead.model_validate(one) for one in found.reads],
        days_read=found.days_read,
        days=found.days,
        holders=dict(found.holders),
    )


@call("GET systems/{system}/holders", scope="systems:read", needs=(FactKind.HOLDING,))
def holder_list(
    request: Request,
    system: Name,
    paging: Query[Paging],
    start: Annotated[Day | None, Query(None, alias="from")] = None,
    end: Annotated[Day | None, Query(None, alias="to")] = None,
    known_at: Moment | None = None,
) -> Listed[Holder]:
    """List who held access from `from` until before `to`, today where neither is named, as known at a moment."""
    caller = request.caller
    first = start or (end - timedelta(days=1) if end else installation.today(now=caller.now))
    period = Period(first, end or first + timedelta(days=1))
    at = min(known_at or caller.now, caller.now)
    found = who.who(actor=caller.actor, system=system, period=period, known_at=at, now=caller.now).holders
    return listed(request, paging, found, key=_key, made=_holder)


def _key(one: FoundHolder) -> tuple[object, ...]:
    return one.person_id, one.account, one.entitlement, one.period.start, one.basis


def _system(one: SystemShown) -> System:
    return System(
        id=one.system.id,
        name=one.system.name,
        side=one.side,
        protected=one.system.protected,
        connector=one.system.connector,
        entitlements=[
            Entitlement(
                id=each.id,
                side=each.side,
                protected=each.protected,
                owned=each.owned,
                info_classes=sorted(each.info_classes),
            )
            for each in one.entitlements
        ],
        bundles=[_bundle(each) for each in one.bundles],
        read=LastRead.model_validate(one.read) if one.read else None,
    )


def _bundle(one: FoundBundle) -> Bundle:
    return Bundle(
        id=one.id,
        entitlements=sorted(one.entitlements),
        classes=sorted(one.classes),
        units=sorted(one.units),
        companies=sorted(one.companies),
        titles=sorted(one.titles),
        start=one.period.start,
        end=one.period.end,
    )


def _holder(one: FoundHolder) -> Holder:
    return Holder(
        person_id=one.person_id,
        account=one.account,
        entitlement=one.entitlement,
        start=one.period.start,
        end=one.period.end,
        basis=one.basis,
        because=list(one.because),
    )
