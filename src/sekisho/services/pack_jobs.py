"""Evidence packs made by a worker and taken away as one file: asked for, listed, handed out. 証跡一式の作成.

A pack lies in the home for a week. Whoever may export the entries of its side takes it, nobody else; every taking
is an entry.
"""

import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.users import Actor
from sekisho.core.visibility import Depth, FactKind, Purpose
from sekisho.services import jobs, ledger, packs, visibility
from sekisho.services.jobs import JobShown, NewJob
from sekisho.store import models

KEPT = timedelta(days=7)
FILE = "pack.zip"


class NoPack(SekishoError):
    """There is no such pack, or not any more, or none that the actor may take; the answer is the same."""


@dataclass(frozen=True, slots=True)
class PackMade:
    """A pack that was asked for: the work, of which side ("" is everything), and whether its file is there still."""

    job: JobShown
    side: str
    is_there: bool


def sides(*, actor: Actor, now: datetime) -> tuple[str, ...]:
    """Return of which sides the actor may take packs; "" first where he may take everything in one."""
    known = ledger.sides()
    mine = tuple(side for side in known if side and _may(actor, side, now))
    return ("", *mine) if all(_may(actor, side, now) for side in known) else mine


@transaction.atomic
def ask(*, actor: Actor, now: datetime, side: str) -> int:
    """Ask for a pack of one side, or of everything (""); return the job.

    Raises:
        NotVisible: the actor may not export that.
        MayNotAsk
    """
    for whose in ledger.sides() if not side else ("", side):
        visibility.need(actor=actor, kind=FactKind.ENTRY, side=whose, purpose=Purpose.EXPORT, now=now)
    key = f"pack {side or 'all'} {actor.name} {now.isoformat()}"
    return jobs.enqueue(actor=actor, now=now, asked=NewJob(jobs.PACK, key, {"side": side}, now))


def listed(*, actor: Actor, now: datetime, home: Path) -> tuple[PackMade, ...]:
    """Return the packs that were asked for and the actor may take, the newest first."""
    mine = sides(actor=actor, now=now)
    if not mine:
        return ()
    found = jobs.jobs(actor=actor, now=now, kinds=(jobs.PACK,), count=20)
    return tuple(
        PackMade(one, one.params.get("side", ""), _file(home, one.id).exists())
        for one in found
        if one.params.get("side", "") in mine
    )


@transaction.atomic
def take(*, actor: Actor, now: datetime, job_id: int, home: Path) -> Path:
    """Return the file of a pack, and record that it was taken.

    Raises:
        NoPack
    """
    row = models.Job.objects.filter(pk=job_id, kind=jobs.PACK, state=jobs.DONE).first()
    side = str(row.params.get("side", "")) if row is not None else ""
    file = _file(home, job_id)
    if row is None or side not in sides(actor=actor, now=now) or not file.exists():
        raise NoPack("ledger.no_pack")
    ledger.record(kind="pack.taken", actor=actor.name, now=now, facts={"job": row.key}, side=side)
    return file


def make(*, actor: Actor, now: datetime, home: Path, job_id: int, side: str) -> Mapping[str, Json]:
    """Write the pack and its file for the owner of the home alone; old ones are cleared away.

    An entry tells that it is begun, another how it ended. What a failed or earlier attempt left is removed.
    """
    folder = home / "packs" / str(job_id)
    _clear(home, actor, now)
    shutil.rmtree(folder, ignore_errors=True)
    _record("pack.begun", actor, now, side, {"job": job_id})
    for made_here in (folder.parent, folder):
        made_here.mkdir(mode=0o700, parents=True, exist_ok=True)
        made_here.chmod(0o700)
    try:
        made = _write(folder, actor, now, side)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        _record("pack.failed", actor, now, side, {"job": job_id})
        raise
    _record("pack.made", actor, now, side, {"job": job_id, "root": made.root})
    return {"entries": made.entries, "root": made.root}


def _write(folder: Path, actor: Actor, now: datetime, side: str) -> packs.Pack:
    made = packs.export(folder=folder / "pack", actor=actor, now=now, side=side or None)
    unfinished = folder / "pack.part"
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(path for path in made.folder.rglob("*") if path.is_file()):
            out.write(file, file.relative_to(made.folder.parent))
    unfinished.rename(folder / FILE)
    shutil.rmtree(made.folder)
    return made


@transaction.atomic
def _record(kind: str, actor: Actor, now: datetime, side: str, facts: Mapping[str, Json]) -> None:
    ledger.record(kind=kind, actor=actor.name, now=now, facts=facts, side=side)


def _may(actor: Actor, side: str, now: datetime) -> bool:
    kind, purpose = FactKind.ENTRY, Purpose.EXPORT
    return visibility.depth(actor=actor, kind=kind, side=side, purpose=purpose, now=now) is Depth.DETAIL


def _file(home: Path, job_id: int) -> Path:
    return home / "packs" / str(job_id) / FILE


def _clear(home: Path, actor: Actor, now: datetime) -> None:
    old = models.Job.objects.filter(kind=jobs.PACK, finished_at__lt=now - KEPT).values_list("pk", "params")
    for job_id, params in old:
        folder = home / "packs" / str(job_id)
        if folder.exists():
            _record("pack.removed", actor, now, str(params.get("side", "")), {"job": job_id})
            shutil.rmtree(folder, ignore_errors=True)
