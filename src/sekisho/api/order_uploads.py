"""Files of HR's that wait before they are taken: for a word about their columns or vanished people, or for work."""

from ninja import Query

from sekisho.api.calls import Request, call
from sekisho.api.jobs import Job, job_of
from sekisho.api.lists import Listed, Paging, listed, turned
from sekisho.api.orders import FILES, ReceivedFile, received_of
from sekisho.api.wire import Answer, Count, Id, Moment, Question, Said, Words, said
from sekisho.services import order_uploads


class WaitingLine(Answer):
    """A file of one's own that waits."""

    id: int
    name: str
    waits: str
    received_at: Moment


class WaitingFile(Answer):
    """A file of one's own that waits: for what, how many people would vanish, the job that takes it."""

    id: int
    name: str
    waits: str
    snapshot: bool
    profile: str
    received_at: Moment
    message: Said | None
    vanished: int
    job: Job | None


class VanishedPerson(Answer):
    """A person who is not in the snapshot, with the post that he would leave."""

    person_id: str
    name: str
    unit: str
    company: str
    title: str


class GoOn(Question):
    """How to go on with a file that waits: another saved layout, or so many people confirmed as gone."""

    profile: Words | None = None
    gone: Count | None = None


class Dropped(Answer):
    """A file that waited was let go of: nothing of it was taken."""

    id: int


@call("GET orders/waiting", scope="orders:read", needs=FILES)
def waiting_list(request: Request, paging: Query[Paging]) -> Listed[WaitingLine]:
    """List one's own files that wait."""
    found = order_uploads.all_waiting(actor=request.caller.actor)
    return listed(request, paging, found, key=lambda one: one[0], made=_waits)


@call("GET orders/waiting/{upload_id}", scope="orders:read", needs=FILES)
def waiting_show(request: Request, upload_id: Id) -> WaitingFile:
    """Return one of one's own files that wait."""
    found = order_uploads.waiting(actor=request.caller.actor, now=request.caller.now, upload_id=upload_id)
    code = found.facts.get("code")
    return WaitingFile(
        id=found.id,
        name=found.name,
        waits=found.waits,
        snapshot=found.snapshot,
        profile=found.profile,
        received_at=found.received_at,
        message=said(code, found.facts) if code else None,
        vanished=found.vanished,
        job=job_of(found.job) if found.job else None,
    )


@call("GET orders/waiting/{upload_id}/vanished", scope="orders:read", needs=FILES)
def vanished_list(request: Request, upload_id: Id, paging: Query[Paging]) -> Listed[VanishedPerson]:
    """List the people who are not in a snapshot that waits; names only where the caller may read them."""
    caller = request.caller
    total = order_uploads.waiting(actor=caller.actor, now=caller.now, upload_id=upload_id).vanished

    def fetch(first: int, last: int) -> tuple[tuple[order_uploads.Vanished, ...], int]:
        size = last - first
        found = order_uploads.vanished(actor=caller.actor, now=caller.now, upload_id=upload_id, first=first, size=size)
        return found, total

    return turned(request, paging, fetch, made=VanishedPerson.model_validate)


@call("POST orders/waiting/{upload_id}/go-on", scope="orders:write", needs=FILES, status=201)
def waiting_go_on(request: Request, upload_id: Id, body: GoOn) -> ReceivedFile:
    """Go on with a file that waits: with another layout, or with so many people confirmed as gone."""
    caller = request.caller
    received = order_uploads.go_on(
        actor=caller.actor, now=caller.now, upload_id=upload_id, profile=body.profile, gone=body.gone
    )
    return received_of(received)


@call("DELETE orders/waiting/{upload_id}", scope="orders:write", needs=FILES)
def waiting_drop(request: Request, upload_id: Id) -> Dropped:
    """Let go of a file that waits: nothing of it was taken."""
    order_uploads.drop(actor=request.caller.actor, now=request.caller.now, upload_id=upload_id)
    return Dropped(id=upload_id)


def _waits(one: tuple[int, str, str, object]) -> WaitingLine:
    return WaitingLine.model_validate(dict(zip(("id", "name", "waits", "received_at"), one, strict=True)))
