"""What people read of the ledger: the last entries, a proof, an audit, the key. Each asks `core.visibility`.

An entry that the actor may not see is answered as one that is not there. How many entries the ledger
has stands on every checkpoint, and tells nothing of what they are.
"""

from dataclasses import dataclass
from datetime import datetime

from sekisho.core.proofs import InclusionProof
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import evidence, ledger, sequencer, signing, visibility
from sekisho.services.ledger import Entry, NoSuchEntry


@dataclass(frozen=True, slots=True)
class Shown:
    """The last entries that the actor reads, and how many there are of the sides that he may only count."""

    checkpoint: str | None
    entries: tuple[Entry, ...]
    others: int
    size: int = 0
    """How many entries the checkpoint fixes."""
    signed_at: datetime | None = None


def show(*, actor: Actor, count: int, now: datetime) -> Shown:
    """Return the last `count` entries of the sides that the actor reads in detail, oldest first.

    Raises:
        NotVisible: the actor may not even know that there are entries.
    """
    _need_existence(actor, now)
    seen = {side: _depth(actor, side, now) for side in ledger.sides()}
    detailed = [side for side, depth in seen.items() if depth is Depth.DETAIL]
    before = {side: _depth(actor, side, now, released=False) is Depth.DETAIL for side in detailed}
    last = sequencer.last_checkpoint()
    return Shown(
        checkpoint=last.note if last else None,
        size=last.size if last else 0,
        signed_at=last.signed_at if last else None,
        entries=ledger.last(
            count=count, sides=detailed, hide=lambda entry: not before[entry.side] and entry.embargoed(at=now)
        ),
        others=ledger.count(sides=[side for side, depth in seen.items() if depth is Depth.COUNT]),
    )


def prove(*, actor: Actor, entry: str, now: datetime) -> tuple[Entry, InclusionProof]:
    """Return an entry, by id or position, and the proof to hand out.

    Raises:
        NotVisible: the actor hands out no entries.
        NoSuchEntry: there is none, or none that the actor may see.
        NotSequenced
    """
    visibility.need(actor=actor, kind=FactKind.ENTRY, side=None, purpose=Purpose.EXPORT, now=now)
    found = ledger.find(entry)
    released = not found.embargoed(at=now)
    seen = visibility.depth(
        actor=actor, kind=FactKind.ENTRY, side=found.side, purpose=Purpose.EXPORT, now=now, released=released
    )
    if seen is not Depth.DETAIL:
        raise NoSuchEntry("ledger.no_such_entry", {"entry": entry})
    return evidence.prove(entry=entry)


def verify(*, actor: Actor, now: datetime, against: str | None = None) -> evidence.Audit:
    """Check the whole ledger; whoever may know that there are entries may ask whether they hold.

    Raises:
        NotVisible
        BadNote: the outside checkpoint is not one of this log.
    """
    _need_existence(actor, now)
    return evidence.audit(against=against)


def key(*, actor: Actor, now: datetime) -> str:
    """Return the verifier key to hand to outsiders.

    Raises:
        NotVisible
    """
    _need_existence(actor, now)
    return signing.signer().public.text()


def _need_existence(actor: Actor, now: datetime) -> None:
    visibility.need(actor=actor, kind=FactKind.ENTRY, side=None, purpose=Purpose.AUDIT, now=now, least=Depth.EXISTENCE)


def _depth(actor: Actor, side: str, now: datetime, *, released: bool = True) -> Depth:
    kind, purpose = FactKind.ENTRY, Purpose.AUDIT
    return visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now, released=released)
