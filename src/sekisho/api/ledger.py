"""Ledger 証跡台帳: the last checkpoint, the entries one may read, an entry with its proof, a check of it all."""

from typing import Annotated, Any

from ninja import Query
from pydantic import Field

from sekisho.api.calls import Request, call
from sekisho.api.jobs import Asked, Job, asked_for, job_of
from sekisho.api.lists import Listed, Paging, listed, turned
from sekisho.api.wire import Answer, Day, Moment, Name, Question, Words
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import anchors, entries, entries_shown, jobs, pack_jobs
from sekisho.services.entries_shown import Wanted
from sekisho.services.jobs import NewJob
from sekisho.services.ledger import Entry as Found

ENTRIES = (FactKind.ENTRY,)


class Checkpoint(Answer):
    """The last checkpoint as a signed note, and the key that checks it; null where none was made yet."""

    checkpoint: str | None
    size: int
    signed_at: Moment | None
    verifier_key: str


class Entry(Answer):
    """One entry: the fields of its leaf, and its position (null: not sequenced yet)."""

    id: str
    position: int | None
    at: str
    kind: str
    actor: str
    side: str
    facts: dict[str, Any]


class ProvenEntry(Answer):
    """An entry and the proof, as a `.tlog-proof` file has it, that it stands under a signed checkpoint."""

    entry: Entry
    proof: str


@call("GET ledger", scope="ledger:read", needs=ENTRIES, least=Depth.COUNT)
def ledger(request: Request) -> Checkpoint:
    """Return the last checkpoint and the verifier key to check it with."""
    shown = entries.show(actor=request.caller.actor, count=1, now=request.caller.now)
    key = entries.key(actor=request.caller.actor, now=request.caller.now)
    return Checkpoint(checkpoint=shown.checkpoint, size=shown.size, signed_at=shown.signed_at, verifier_key=key)


@call("GET ledger/entries", scope="ledger:read", needs=ENTRIES)
def entry_list(
    request: Request,
    paging: Query[Paging],
    kind: Words = "",
    person: Words = "",
    start: Annotated[Day | None, Query(None, alias="from")] = None,
    end: Annotated[Day | None, Query(None, alias="to")] = None,
) -> Listed[Entry]:
    """List the entries that the caller reads, the newest first; of a kind, about a person, of some days."""
    caller, wanted = request.caller, Wanted(kind=kind, person=person, start=start, end=end)

    def fetch(first: int, last: int) -> tuple[tuple[Found, ...], int]:
        page = entries_shown.page(actor=caller.actor, now=caller.now, wanted=wanted, first=first, size=last - first)
        return page.entries, page.total

    return turned(request, paging, fetch, made=_entry)


@call("GET ledger/entries/{entry}", scope="ledger:read", needs=ENTRIES)
def entry_show(request: Request, entry: Name) -> ProvenEntry:
    """Return one entry, by id or position, as it was hashed, with its proof."""
    found, proof = entries.prove(actor=request.caller.actor, entry=entry, now=request.caller.now)
    return ProvenEntry(entry=_entry(found), proof=proof.text())


@call("POST ledger/audits", scope="ledger:write", needs=ENTRIES, least=Depth.COUNT, status=202)
def ledger_audit(request: Request) -> Asked:
    """Ask for a check of the whole ledger: every leaf, the tree, the checkpoints. The job says what was found."""
    caller = request.caller
    key = f"audit {caller.actor.name} {caller.now.isoformat()}"
    return asked_for(request, NewJob(jobs.AUDIT, key, {}, caller.now))


class Anchor(Answer):
    """A checkpoint that somebody outside keeps."""

    size: int
    root: str
    holder: str
    way: str
    handed_by: str
    handed_at: Moment


class AnchorWindow(Answer):
    """Who keeps which checkpoint outside, and how many entries since could be rewritten unseen."""

    anchors: list[Anchor]
    entries: int
    since: Moment | None


class Handing(Question):
    """To whom the last checkpoint was given, and how."""

    holder: Words = Field(examples=["Regulator, compliance desk"])
    way: Words = Field(examples=["signed mail"])


class PackWanted(Question):
    """Whose pack is wanted: a side, or everything where it is empty."""

    side: Words = ""


class Pack(Answer):
    """An evidence pack that was asked for; `is_there`: it can be taken away on the ledger's page."""

    side: str
    is_there: bool
    job: Job


@call("GET ledger/anchors", scope="ledger:read", needs=ENTRIES, least=Depth.COUNT)
def anchor_show(request: Request) -> AnchorWindow:
    """Return who keeps a checkpoint outside, and what could be rewritten unseen."""
    return AnchorWindow.model_validate(anchors.window(actor=request.caller.actor, now=request.caller.now))


@call("POST ledger/anchors", scope="ledger:write", needs=ENTRIES, status=201)
def anchor_hand(request: Request, body: Handing) -> Anchor:
    """Record that the last checkpoint was given to somebody outside who keeps it."""
    caller = request.caller
    made = anchors.hand_out(actor=caller.actor, now=caller.now, holder=body.holder, way=body.way)
    return Anchor.model_validate(made)


@call("GET ledger/packs", scope="ledger:read", needs=ENTRIES)
def pack_list(request: Request, paging: Query[Paging]) -> Listed[Pack]:
    """List the evidence packs that the caller may take."""
    caller = request.caller
    found = pack_jobs.listed(actor=caller.actor, now=caller.now, home=caller.home)
    return listed(request, paging, found, key=lambda one: one.job.id, made=_pack)


@call("POST ledger/packs", scope="ledger:write", needs=ENTRIES, status=202)
def pack_ask(request: Request, body: PackWanted) -> Asked:
    """Ask for an evidence pack of one side, or of everything."""
    return Asked(job_id=pack_jobs.ask(actor=request.caller.actor, now=request.caller.now, side=body.side))


def _pack(one: pack_jobs.PackMade) -> Pack:
    return Pack(side=one.side, is_there=one.is_there, job=job_of(one.job))


def _entry(one: Found) -> Entry:
    return Entry(
        id=one.id,
        position=one.position,
        at=one.at,
        kind=one.kind,
        actor=one.actor,
        side=one.side,
        facts=dict(one.facts),
    )
