"""Write the evidence pack: a folder that an outsider checks with one script, offline (format version 1).

One side's pack holds another side's entries as hashes only: enough to rebuild the root, nothing to
read; so does every pack with entries about advance notices 内示 before their release. Personal content
goes in only for entries of a side that the actor reads in detail. The script
in the pack is `verify_pack`, byte for byte; what the files are stands in the pack's README.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from django.db import transaction

from sekisho.core import merkle
from sekisho.core.canonical import Json, canonical
from sekisho.core.errors import SekishoError
from sekisho.core.proofs import InclusionProof
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind, Purpose
from sekisho.services import ledger, sequencer, signing, visibility
from sekisho.store.models import LedgerCheckpoint, LedgerContent, LedgerEntry, LedgerNode, PlanApproval
from sekisho.texts import LANGUAGES, text

FORMAT, VERSION = "sekisho-pack", 1
ALL_PROOFS_UP_TO, LAST_PROOFS = 10_000, 1_000
"""Entries up to which every entry gets its proof file; beyond, the last so many, or those that are named."""
CHUNK = 5_000


class FolderNotEmpty(SekishoError):
    """The pack would mix with other files."""


class NothingToExport(SekishoError):
    """There is no entry, or none of the side."""


@dataclass(frozen=True, slots=True)
class Pack:
    """What was written: how many entries in full and as hashes, and the root in hex."""

    folder: Path
    side: str | None
    entries: int
    disclosed: int
    proofs: int
    root: str
    files: tuple[str, ...]


@dataclass(slots=True)
class _Writing:
    """The folder being filled, what it may show, and the SHA-256 of each file written so far."""

    folder: Path
    checkpoint: LedgerCheckpoint
    shown: frozenset[str]
    at: datetime
    embargoed: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    disclosed: list[tuple[int, str]] = field(default_factory=list)

    def write(self, name: str, lines: Iterable[bytes]) -> None:
        """Write one file of the pack."""
        file, hashed = self.folder / name, hashlib.sha256()
        file.parent.mkdir(exist_ok=True)
        with file.open("xb") as out:
            for line in lines:
                hashed.update(line)
                out.write(line)
        self.files[name] = hashed.hexdigest()


def export(
    *, folder: Path, actor: Actor, now: datetime, side: str | None = None, entries: Collection[str] = ()
) -> Pack:
    """Write the pack of everything up to now; `side` withholds other sides, `entries` names proofs wanted.

    Raises:
        NotVisible: the actor does not read the entries in detail.
        FolderNotEmpty, NothingToExport, NoSuchEntry
    """
    _allow(actor, side, now)
    sequencer.sequence(now=now)
    last = sequencer.last_checkpoint()
    if last is None:
        raise NothingToExport("ledger.empty")
    shown = frozenset(ledger.sides() if side is None else ("", side))
    wanted = _wanted(entries, last.size, shown)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderNotEmpty("ledger.folder_not_empty", {"folder": str(folder)})
    folder.mkdir(parents=True, exist_ok=True)
    return _fill(_Writing(folder, last, shown, now), wanted, actor, now, side)


@transaction.atomic
def _allow(actor: Actor, side: str | None, now: datetime) -> None:
    known = ledger.sides()
    for whose in known if side is None else ("", side):
        visibility.need(actor=actor, kind=FactKind.ENTRY, side=whose, purpose=Purpose.EXPORT, now=now)
    if side is not None and side not in known:
        raise NothingToExport("ledger.no_such_side", {"side": side, "sides": ", ".join(filter(None, known))})


def _wanted(entries: Collection[str], size: int, shown: Collection[str]) -> frozenset[int] | None:
    """Return the positions whose proofs are wanted; None is all of them. An entry of another side is none."""
    if not entries:
        return None if size <= ALL_PROOFS_UP_TO else frozenset(range(size - LAST_PROOFS, size))
    found = {word: ledger.find(word) for word in entries}
    for word, entry in found.items():
        if entry.side not in shown:
            raise ledger.NoSuchEntry("ledger.no_such_entry", {"entry": word})
    return frozenset(entry.position for entry in found.values() if entry.position is not None)


def _fill(pack: _Writing, wanted: frozenset[int] | None, actor: Actor, now: datetime, side: str | None) -> Pack:
    last, signer = pack.checkpoint, signing.signer()
    pack.write("entries.jsonl", _entry_lines(pack))
    pack.write("contents.jsonl", _content_lines(pack, side))
    pack.write("checkpoint", [last.note.encode()])
    pack.write("checkpoints.jsonl", (json.dumps(note).encode() + b"\n" for note in _notes(last.size)))
    pack.write("public.key", [signer.public.text().encode() + b"\n"])
    pack.write("verify.py", [files("sekisho.services").joinpath("verify_pack.py").read_bytes()])
    _write_approvals(pack)
    counts = {"size": last.size, "disclosed": len(pack.disclosed), "withheld": last.size - len(pack.disclosed)}
    for language in LANGUAGES:
        readme = text("ledger.readme", {"origin": signer.origin, **counts}, language)
        pack.write(f"README.{language}.txt", [readme.encode()])
    proofs = [position for position, _ in pack.disclosed if wanted is None or position in wanted]
    _write_proofs(pack, proofs)
    root = bytes(last.root).hex()
    manifest: dict[str, Json] = {
        "format": FORMAT,
        "v": VERSION,
        "exported_at": now.astimezone(UTC).isoformat(),
        "side": side,
        "root": root,
        **counts,
        "files": pack.files,
    }
    note = signer.sign(canonical(manifest).decode() + "\n")
    (pack.folder / "manifest").write_bytes(note.encode())
    _record(actor, now, side, note)
    return Pack(
        folder=pack.folder,
        side=side,
        entries=last.size,
        disclosed=len(pack.disclosed),
        proofs=len(proofs),
        root=root,
        files=(*sorted(pack.files), "manifest"),
    )


def _write_approvals(pack: _Writing) -> None:
    """Write what passkeys signed, and the script that checks it; a home without such approvals writes neither."""
    signed = PlanApproval.objects.filter(assertion__isnull=False, at__lte=pack.at).order_by("at", "pk")
    for number, approval in enumerate(signed, 1):
        pack.write(f"approvals/{number:04d}.json", [json.dumps(approval.assertion, indent=1).encode() + b"\n"])
    if signed:
        pack.write("verify_approval.py", [files("sekisho.services").joinpath("verify_approval.py").read_bytes()])


def _entry_lines(pack: _Writing) -> Iterator[bytes]:
    rows = LedgerEntry.objects.filter(position__lt=pack.checkpoint.size).order_by("position")
    for row in rows.iterator(CHUNK):
        if row.side in pack.shown and _released(pack, row):
            pack.disclosed.append((row.position or 0, row.entry_id))
            yield bytes(row.leaf) + b"\n"
        else:
            yield canonical({"leaf_hash": bytes(row.leaf_hash).hex()}) + b"\n"


def _released(pack: _Writing, row: LedgerEntry) -> bool:
    """Keep back what hangs on an advance notice before its release: nothing of it leaves in a pack."""
    leaf = bytes(row.leaf)
    hidden = b'"embargo":' in leaf and ledger.entry_of(leaf=leaf, position=row.position).embargoed(at=pack.at)
    if hidden:
        pack.embargoed.add(row.entry_id)
    return not hidden


def _content_lines(pack: _Writing, side: str | None) -> Iterator[bytes]:
    """Yield contents in the order of entries; for one side's pack only that side's, neutral ones withheld."""
    whose = pack.shown if side is None else frozenset({side})
    rows = LedgerEntry.objects.filter(position__lt=pack.checkpoint.size, side__in=sorted(whose)).order_by("position")
    ids = [one for one in rows.values_list("entry_id", flat=True) if one not in pack.embargoed]
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        stored = {content.entry_id: content for content in LedgerContent.objects.filter(entry_id__in=chunk)}
        yield from (_content_line(stored[entry_id]) for entry_id in chunk if entry_id in stored)


def _content_line(content: LedgerContent) -> bytes:
    if content.content is None or content.salt is None:
        at = content.destroyed_at.astimezone(UTC).isoformat() if content.destroyed_at else None
        return canonical({"entry": content.entry_id, "destroyed_at": at}) + b"\n"
    head = canonical({"entry": content.entry_id, "salt": bytes(content.salt).hex()})
    return b'{"content":' + bytes(content.content) + b"," + head[1:] + b"\n"


def _notes(size: int) -> Iterator[str]:
    notes = LedgerCheckpoint.objects.filter(size__lte=size).order_by("size").values_list("note", flat=True)
    return notes.iterator(CHUNK)


def _write_proofs(pack: _Writing, positions: Iterable[int]) -> None:
    nodes = _nodes(pack.checkpoint.size)
    for position in positions:
        try:
            path = merkle.inclusion_proof(position, pack.checkpoint.size, nodes)
        except KeyError as error:
            raise sequencer.LedgerDamaged("ledger.damaged", {"size": pack.checkpoint.size}) from error
        proof = InclusionProof(position, tuple(path), pack.checkpoint.note)
        pack.write(f"proofs/{position:08d}.tlog-proof", [proof.text().encode()])


def _nodes(size: int) -> merkle.Nodes:
    """Return the stored tree: of a small ledger in memory, of a large one node by node."""
    if size > ALL_PROOFS_UP_TO:
        return lru_cache(maxsize=100_000)(sequencer.stored_node)
    leaves = LedgerEntry.objects.filter(position__lt=size).values_list("position", "leaf_hash")
    table = {(0, position or 0): bytes(hashed) for position, hashed in leaves}
    inner = LedgerNode.objects.values_list("level", "position", "hash")
    table.update({(level, position): bytes(hashed) for level, position, hashed in inner})
    return merkle.lookup(table)


@transaction.atomic
def _record(actor: Actor, now: datetime, side: str | None, note: str) -> None:
    """Say in the ledger what was handed out; it stands after the pack's last entry."""
    facts: dict[str, Json] = {"side": side, "manifest": hashlib.sha256(note.encode()).hexdigest()}
    ledger.record(kind="pack.exported", actor=actor.name, now=now, facts=facts, side=side or "")
