"""Files of HR's that wait before they are taken: for a word about their columns, about people who vanish, or for time.

Here: receiving a file, holding it, going on with it, dropping it. Taking it is `order_files`'. Only who brought a
file sees that it waits. A file of many rows is taken by a worker (`work`), so that its page may be left and reloaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from sekisho.core.canonical import Json, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import OrderStatus, PersonId, PostKind
from sekisho.core.users import Actor
from sekisho.intake import order_sketch
from sekisho.intake.order_files import MissingColumns
from sekisho.intake.order_sketch import Sketch
from sekisho.intake.order_words import REQUIRED, SNAPSHOT_REQUIRED
from sekisho.intake.profiles import Profile
from sekisho.intake.sheets import sheets_of
from sekisho.services import jobs, ledger, order_files, order_import, order_reach, profiles
from sekisho.services import verification_runs as runs
from sekisho.services.jobs import JobShown, NewJob
from sekisho.services.order_files import PAGE, Taken, Told, Way
from sekisho.services.order_import import OrderRequest
from sekisho.services.snapshots import PeopleVanish
from sekisho.store import models

COLUMNS, VANISHED, WORK = "columns", "vanished", "work"
MANY_ROWS = 2_000
"""More rows than this take longer than a person waits for a page: some two seconds on a small machine."""
KEPT = timedelta(days=7)
"""How long a file that nobody goes on with is kept."""


class UnknownUpload(SekishoError):
    """No such file waits, or another brought it."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a file: it was taken, or it waits."""

    taken: Taken | None = None
    upload_id: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits, and for what; `facts` hold what its page needs to know."""

    id: int
    name: str
    waits: str
    snapshot: bool
    profile: str
    status: str
    received_at: datetime
    facts: Mapping[str, str]
    vanished: int
    job: JobShown | None


@dataclass(frozen=True, slots=True)
class Vanished:
    """A person who is not in the snapshot, with the post that he would leave."""

    person_id: PersonId
    name: str
    unit: str
    company: str
    title: str


def receive(*, actor: Actor, now: datetime, request: OrderRequest, snapshot: bool, look: bool) -> Received:
    """Take a file in, or hold it where somebody must say more, or it is long; `look`: show its columns first.

    Raises:
        NotAllowed, Unreadable, NoSuchProfile: nothing was taken, nothing is held.
    """
    order_import.need_importer(actor, now, request)
    sheets = sheets_of(request.content, request.name)
    rows = sum(len(sheet.rows) for sheet in sheets)
    if look:
        return Received(upload_id=_hold(actor, now, request, snapshot=snapshot, waits=COLUMNS))
    if rows > MANY_ROWS:
        return Received(upload_id=_ask(actor, now, _hold(actor, now, request, snapshot=snapshot, waits=WORK)))
    try:
        return Received(order_files.take(actor=actor, now=now, request=request, way=Way(snapshot=snapshot)))
    except (MissingColumns, PeopleVanish) as error:
        if isinstance(error, MissingColumns) and not any(len(row.cells) > 1 for sheet in sheets for row in sheet.rows):
            raise  # no table: nobody can name its columns
        held = _hold(actor, now, request, snapshot=snapshot, waits=COLUMNS)
        _say(held, error)
        return Received(upload_id=held)


def waiting(*, actor: Actor, now: datetime, upload_id: int) -> Waiting:
    """Return a file that waits.

    Raises:
        NotAllowed, UnknownUpload
    """
    row = _mine(actor, now, upload_id)
    facts = {name: str(value) for name, value in row.facts.items() if name != "persons"}
    vanished = len(row.facts.get("persons", ()))
    job = jobs.own(actor=actor, now=now, kind=jobs.IMPORT, about=_about(row.pk)) if row.waits == WORK else None
    words = (row.name, row.waits, row.snapshot, row.profile, row.status, row.received_at)
    return Waiting(row.pk, *words, facts, vanished, job)


def all_waiting(*, actor: Actor) -> tuple[tuple[int, str, str, datetime], ...]:
    """Return the actor's own files that wait: id, name, for what, since when."""
    rows = models.OrderUpload.objects.filter(actor=actor.name).order_by("-pk")
    return tuple(rows.values_list("pk", "name", "waits", "received_at")[:PAGE])


def taken_by_work(*, actor: Actor, now: datetime, upload_id: int) -> int | None:
    """Return the file that a waiting one has become."""
    job = jobs.own(actor=actor, now=now, kind=jobs.IMPORT, about=_about(upload_id))
    found = job.result.get("file") if job is not None else None
    return found if isinstance(found, int) else None


def vanished(*, actor: Actor, now: datetime, upload_id: int, first: int, size: int = PAGE) -> tuple[Vanished, ...]:
    """Return a page of the persons who are not in the snapshot; names only where the actor may read them.

    Raises:
        NotAllowed, UnknownUpload
    """
    row = _mine(actor, now, upload_id)
    persons = [PersonId(one) for one in row.facts.get("persons", ())][first : first + size]
    seen = list(order_reach.names_seen(actor=actor, persons=persons, now=now))
    names = runs.names(person_ids=seen, known_at=now)
    stints = models.Stint.objects.as_known_at(now).filter(person_id__in=persons, kind=PostKind.MAIN.value)
    posts = {one.person_id: one for one in stints.order_by("start")}
    units = {
        unit.code: unit.name
        for unit in models.Unit.objects.as_known_at(now).filter(code__in={one.unit for one in posts.values()})
    }
    return tuple(_gone(one, names.get(one, ""), posts.get(one), units) for one in persons)


def look(*, actor: Actor, now: datetime, upload_id: int, profile: Profile | None, header_row: int | None) -> Sketch:
    """Return a look at the file's columns, as the profile (None: the one chosen with the file) would read them.

    Raises:
        NotAllowed, UnknownUpload, Unreadable
    """
    row = _mine(actor, now, upload_id)
    used = profile if profile is not None else profiles.load(name=row.profile or None, known_at=now)
    required = SNAPSHOT_REQUIRED if row.snapshot else REQUIRED
    return order_sketch.sketch(bytes(row.content), row.name, used, required, header_row)


def go_on(
    *, actor: Actor, now: datetime, upload_id: int, profile: str | None = None, gone: int | None = None
) -> Received:
    """Go on with a file that waited: with another profile, or with so many people confirmed as gone.

    Raises:
        NotAllowed, UnknownUpload, and as `receive`.
    """
    row = _mine(actor, now, upload_id)
    if profile is not None:
        row.profile = profile
    row.facts = {**row.facts, "gone": gone}
    row.save(update_fields=["profile", "facts"])
    request = _request(row)
    if sum(len(sheet.rows) for sheet in sheets_of(request.content, request.name)) > MANY_ROWS:
        models.OrderUpload.objects.filter(pk=row.pk).update(waits=WORK)
        return Received(upload_id=_ask(actor, now, row.pk))
    return _take(row, actor, now, None)


def work(*, actor: Actor, now: datetime, upload_id: int, told: Told) -> Mapping[str, Json]:
    """Take a long file in, as a worker; the answer names the file, or what is asked.

    Raises:
        As `go_on`.
    """
    done = _take(_mine(actor, now, upload_id), actor, now, told)
    return {"file": done.taken.file_id if done.taken else None, "waits": done.upload_id}


@transaction.atomic
def drop(*, actor: Actor, now: datetime, upload_id: int) -> None:
    """Let go of a file: nothing of it was taken.

    Raises:
        NotAllowed, UnknownUpload
    """
    row = _mine(actor, now, upload_id)
    ledger.record(kind="upload.dropped", actor=actor.name, now=now, facts={"sha256": sha256_hex(bytes(row.content))})
    row.delete()


def _gone(person: PersonId, name: str, post: models.Stint | None, units: Mapping[str, str]) -> Vanished:
    if post is None:
        return Vanished(person, name, "", "", "")
    return Vanished(person, name, units.get(post.unit, post.unit), post.company, post.title)


def _take(row: models.OrderUpload, actor: Actor, now: datetime, told: Told | None) -> Received:
    try:
        way = Way(snapshot=row.snapshot, vanished=row.facts.get("gone"))
        taken = order_files.take(actor=actor, now=now, request=_request(row), way=way, told=told)
    except (MissingColumns, PeopleVanish) as error:
        _say(row.pk, error)
        return Received(upload_id=row.pk)
    models.OrderUpload.objects.filter(pk=row.pk).delete()
    return Received(taken)


@transaction.atomic
def _hold(actor: Actor, now: datetime, request: OrderRequest, *, snapshot: bool, waits: str) -> int:
    models.OrderUpload.objects.filter(actor=actor.name, received_at__lt=now - KEPT).delete()
    row = models.OrderUpload.objects.create(
        name=request.name,
        content=request.content,
        snapshot=snapshot,
        status=request.status.value if request.status else "",
        profile=request.profile or "",
        actor=actor.name,
        received_at=request.received_at,
        waits=waits,
    )
    facts: dict[str, Json] = {"sha256": sha256_hex(request.content), "waits": waits}
    ledger.record(kind="upload.received", actor=actor.name, now=now, facts=facts, personal={"name": request.name})
    return row.pk


def _say(upload_id: int, error: SekishoError) -> None:
    """Keep what a file waits for."""
    persons: Sequence[PersonId] = error.persons if isinstance(error, PeopleVanish) else ()
    facts = {"code": error.code, **{name: str(value) for name, value in error.params.items()}, "persons": list(persons)}
    waits = VANISHED if isinstance(error, PeopleVanish) else COLUMNS
    models.OrderUpload.objects.filter(pk=upload_id).update(waits=waits, facts=facts)


def _ask(actor: Actor, now: datetime, upload_id: int) -> int:
    """Have a worker take the file."""
    key = f"{jobs.IMPORT} {upload_id} {now.isoformat()}"
    jobs.enqueue(actor=actor, now=now, asked=NewJob(jobs.IMPORT, key, _about(upload_id), now))
    return upload_id


def _about(upload_id: int) -> dict[str, Json]:
    return {"upload": str(upload_id)}


def _mine(actor: Actor, now: datetime, upload_id: int) -> models.OrderUpload:
    row = models.OrderUpload.objects.filter(pk=upload_id, actor=actor.name).first()
    if row is None:
        raise UnknownUpload("orders.unknown_upload")
    order_import.need_importer(actor, now, _request(row))
    return row


def _request(row: models.OrderUpload) -> OrderRequest:
    status = OrderStatus(row.status) if row.status else None
    return OrderRequest(row.name, bytes(row.content), row.received_at, status, row.profile or None)
