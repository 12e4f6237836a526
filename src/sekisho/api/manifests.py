"""Manifests 異動予定者名簿: HR's signed lists of expected movers; a plan's guards hold whoever is not on one."""

from ninja import Query

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.orders import FILES, Rejection, defect
from sekisho.api.wire import Answer, Day, Moment, Name
from sekisho.core.visibility import Depth
from sekisho.services import manifests


class SignedList(Answer):
    """A list that HR signed; `days` are those on which its movers move."""

    name: str
    sha256: str
    movers: int
    days: list[Day]
    signed_by: str
    signed_at: Moment


class GuardedDay(Answer):
    """A day to come: who is expected, who has a final order, and who has one without being expected."""

    day: Day
    listed: int
    ordered: int
    outside: list[str]
    hidden: int


class Manifest(Answer):
    """What became of a list that was signed. Rejected rows are not on it."""

    sha256: str
    movers: int
    signed_by: str
    signed_at: Moment
    rows_in: int
    ignored: int
    rejections: list[Rejection]


@call("GET orders/manifests", scope="orders:read", needs=FILES, least=Depth.COUNT)
def manifest_list(request: Request, paging: Query[Paging]) -> Listed[SignedList]:
    """List the signed lists, the newest first."""
    found = manifests.signed_lists(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.sha256, made=SignedList.model_validate)


@call("GET orders/guarded-days", scope="orders:read", needs=FILES, least=Depth.COUNT)
def guarded_list(request: Request, paging: Query[Paging]) -> Listed[GuardedDay]:
    """List the days to come on which somebody moves, with what the signed lists would hold."""
    found = manifests.days_guarded(actor=request.caller.actor, now=request.caller.now)
    return listed(request, paging, found, key=lambda one: one.day, made=GuardedDay.model_validate)


@call("POST orders/manifests", scope="orders:write", needs=FILES, status=201, takes_file=True)
def manifest_sign(request: Request, name: Name, profile: Name | None = None) -> Manifest:
    """Sign HR's list of expected movers in the caller's name."""
    caller = request.caller
    signed = manifests.sign(actor=caller.actor, now=caller.now, name=name, content=request.body, profile=profile)
    return Manifest(
        sha256=signed.sha256,
        movers=signed.movers,
        signed_by=signed.signed_by,
        signed_at=signed.signed_at,
        rows_in=signed.rows_in,
        ignored=signed.ignored,
        rejections=[defect("rejected", one) for one in signed.rejections],
    )
