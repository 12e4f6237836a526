"""Ledger 証跡台帳: the last checkpoint, the entries one may read, an entry with its proof, a check of it all."""

from typing import Any

from ninja import Query

from sekisho.api.calls import Request, call
from sekisho.api.lists import Listed, Paging, listed
from sekisho.api.wire import Answer, Moment, Name
from sekisho.core.visibility import Depth, FactKind
from sekisho.services import entries
from sekisho.services.ledger import Entry as Found

ENTRIES = (FactKind.ENTRY,)
MOST = 2000


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


class Audit(Answer):
    """What a check of the whole ledger found."""

    ok: bool
    entries: int
    unsequenced: int
    checkpoints: int
    root: str


@call("GET ledger", scope="ledger:read", needs=ENTRIES, least=Depth.COUNT)
def ledger(request: Request) -> Checkpoint:
    """Return the last checkpoint and the verifier key to check it with."""
    shown = entries.show(actor=request.caller.actor, count=1, now=request.caller.now)
    key = entries.key(actor=request.caller.actor, now=request.caller.now)
    return Checkpoint(checkpoint=shown.checkpoint, size=shown.size, signed_at=shown.signed_at, verifier_key=key)


@call("GET ledger/entries", scope="ledger:read", needs=ENTRIES)
def entry_list(request: Request, paging: Query[Paging]) -> Listed[Entry]:
    """List the last entries that the caller reads, the newest first."""
    shown = entries.show(actor=request.caller.actor, count=MOST, now=request.caller.now)
    return listed(request, paging, shown.entries[::-1], key=lambda one: one.id, made=_entry)


@call("GET ledger/entries/{entry}", scope="ledger:read", needs=ENTRIES)
def entry_show(request: Request, entry: Name) -> ProvenEntry:
    """Return one entry, by id or position, as it was hashed, with its proof."""
    found, proof = entries.prove(actor=request.caller.actor, entry=entry, now=request.caller.now)
    return ProvenEntry(entry=_entry(found), proof=proof.text())


@call("GET ledger/verify", scope="ledger:read", needs=ENTRIES, least=Depth.COUNT)
def ledger_verify(request: Request) -> Audit:
    """Check the whole ledger: every leaf, the tree, the checkpoints."""
    return Audit.model_validate(entries.verify(actor=request.caller.actor, now=request.caller.now))


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
