"""Load a company folder: its files into dated facts, the same folder twice changing nothing.

Here: the use case and what it reports. Which facts a folder speaks for is in `folder_scope`, what its
lines become in `folder_rows`, reading in `sekisho.intake.folder`. A row changed or gone closes the
fact as of the load's record time. A rejected row has not gone: what is known of whom or what it names
stays, unless another row of the file replaces it. A file that is not there leaves its facts alone.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q

from sekisho.core.canonical import Json
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import PersonId, Role, Side
from sekisho.core.users import Actor
from sekisho.intake import folder_checks
from sekisho.intake.defects import Defect
from sekisho.intake.folder import Folder, read_folder
from sekisho.intake.folder_columns import EVER
from sekisho.intake.folder_tables import FileRead
from sekisho.services import folder_rows as rows
from sekisho.services import installation, ledger, people, visibility
from sekisho.services.facts import Changes, reconcile
from sekisho.services.folder_scope import Scope, known, scope_of
from sekisho.store import models
from sekisho.store.models.base import Fact

LOADING = (Role.ADMINISTRATOR, Role.HR, Role.COMPLIANCE, Role.IT_OPERATION)
NAMED: dict[type[Fact], tuple[str, ...]] = {
    models.Account: ("person_id", "system_id"),
    models.Bundle: ("system_id",),
    models.Grant: ("person_id", "system_id", "entitlement"),
    models.ProtectedAccount: ("system_id", "account"),
}
"""By which columns a rejected row is known to speak of a fact, where that is not the identity."""


class NotAllowed(SekishoError):
    """The actor may not load company folders."""


class FromTheFuture(SekishoError):
    """The time of receipt has not come yet."""


@dataclass(frozen=True, slots=True)
class FileLoad:
    """What became of one file; rows in = accepted + rejected + ignored."""

    file: str
    rows_in: int
    accepted: int
    rejected: int
    ignored: int
    changed: int
    rejections: tuple[Defect, ...]
    unknown_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What the folder holds, by distinct code, and how many rows read otherwise than before."""

    companies: int
    units: int
    people: int
    systems: int
    rules: int
    devices: int
    changed: int
    files: tuple[FileLoad, ...]
    unknown_files: tuple[str, ...]

    @property
    def rejected(self) -> int:
        """Return how many rows of all files were rejected."""
        return sum(file.rejected for file in self.files)


ENTERED_TOO: Collection[type[Fact]] = (
    models.RoleAssignment,
    models.Parameter,
    models.Holiday,
    models.Rule,
    models.RuleApprovers,
)
"""Tables whose rows may also be entered on the site; a load leaves those alone."""


@dataclass(slots=True)
class _Load:
    """One load under way; `changed` by file, `persons` whose timelines must be folded anew."""

    folder: Folder
    scope: Scope
    at: datetime
    file: str = ""
    changed: dict[str, int] = field(default_factory=dict)
    persons: set[PersonId] = field(default_factory=set)

    def save(
        self, model: type[Fact], lines: Iterable[dict[str, Any]], identity: tuple[str, ...], where: Q | None
    ) -> Changes:
        """Bring one table in line as of the record time."""
        unread = self.folder.files[self.file].unread
        names = NAMED.get(model, identity)

        def spared(row: Mapping[str, object]) -> bool:
            return any({str(row[name]) for name in names} <= words for words in unread)

        if model in ENTERED_TOO:
            where = Q(origin="") & where if where is not None else Q(origin="")
        return reconcile(model, lines, identity, self.at, where, spared if unread else None)

    def among(self, column: str, words: Iterable[str]) -> Q | None:
        """Return the scope of a table without sides: all of it, or what the folder mentions."""
        return None if self.scope.whole else Q(**{f"{column}__in": sorted(words)})


@transaction.atomic
def load_folder(*, folder: Path, actor: Actor, now: datetime, received_at: datetime | None = None) -> LoadResult:
    """Load the company folder as received at `received_at` (default: now) and fold the timelines it touches.

    One folder a side may be loaded apart: a folder closes only what it speaks for, see `folder_scope`.

    Raises:
        NotAllowed: the actor has none of the roles that load, or not for every side of the folder.
        FromTheFuture: `received_at` lies after `now`.
        SekishoError: the folder cannot be taken at all (`intake.folder.read_folder`, `facts.OutOfOrder`);
            nothing was changed.
    """
    if not any(actor.has(role, on=installation.today(now=now)) for role in LOADING):
        raise NotAllowed("folder.not_allowed", {"actor": actor.name})
    at = received_at or now
    if at > now:
        raise FromTheFuture("folder.future", {"received_at": at.isoformat()})
    content = read_folder(folder)
    _need_sides(content, actor, now)
    scope = scope_of(content, at=at)
    folder_checks.check(content, known(content, scope, at=at))
    load = _Load(content, scope, at)
    for file, save in SAVERS.items():
        if file in content.files:
            load.file = file
            load.changed[file] = save(load)
    if load.persons:
        people.refold(person_ids=load.persons, now=at)
    for found in content.files.values():
        _record(load, found, actor, now)
    return _result(load)


def _need_sides(folder: Folder, actor: Actor, now: datetime) -> None:
    """Let pass only who loads on every side that the folder speaks of; roles for both sides need both."""
    today = installation.today(now=now)
    lines = (*rows.companies(folder), *rows.units(folder), *rows.systems(folder), *rows.roles(folder))
    for side in sorted({str(line["side"]) for line in lines} - {""}):
        if not any(actor.has(role, on=today, side=Side(side)) for role in LOADING):
            raise NotAllowed("folder.other_side", {"actor": actor.name, "side": side})


def _company_toml(load: _Load) -> int:
    head = next(load.folder.lines("company.toml", "company")).values
    words = {key: head[key] for key in ("name", "timezone", "history_complete_from", "calendar")}
    sides = list(head["sides"]) or sorted({line.values["side"] for line in load.folder.lines("companies.csv")} - {""})
    rest = None if load.scope.whole else Q(name=head["name"])
    changes = load.save(models.Installation, [{**words, "sides": sides, "start": EVER}], ("name",), rest)
    lines = list(load.folder.lines("company.toml", "parameter"))
    settings = [{"name": line.values["name"], "value": line.values["value"], **rows.period(line)} for line in lines]
    named = load.among("name", (line.values["name"] for line in lines))
    return changes.count + load.save(models.Parameter, settings, ("name",), named).count


def _companies(load: _Load) -> int:
    where = load.scope.companies.where("code")
    return load.save(models.Company, rows.companies(load.folder), ("code",), where).count


def _units(load: _Load) -> int:
    changes = load.save(models.Unit, rows.units(load.folder), ("code",), load.scope.units.where("company"))
    codes = sorted(str(code) for (code,) in changes.touched)
    for start in range(0, len(codes), 500):
        chunk = codes[start : start + 500]
        moved = models.Order.objects.filter(Q(to_unit__in=chunk) | Q(from_unit__in=chunk))
        load.persons |= {PersonId(one) for one in moved.values_list("person_id", flat=True)}
    return changes.count


def _people(load: _Load) -> int:
    posts = list(rows.posts(load.folder))
    _introduce(load, {post["person_id"] for post in posts})
    employers = load.scope.people.codes | {post["employer"] for post in posts}
    where = names_where = None
    if not load.scope.people.everything:
        own = load.scope.people.codes
        strays = sorted({post["person_id"] for post in posts if post["employer"] not in own})
        origins = [rows.origin(employer) for employer in sorted(own)]
        where = Q(employer__in=sorted(own)) | Q(employer__in=sorted(employers - own), person_id__in=strays)
        others = [rows.origin(employer) for employer in sorted(employers - own)]
        names_where = Q(origin__in=origins) | Q(origin__in=others, person_id__in=strays)
    of_roster = Q(origin__startswith=rows.origin(""))
    numbers = of_roster if names_where is None else names_where
    roster = load.save(models.RosterPost, posts, ("person_id",), where)
    load.persons |= {PersonId(str(person)) for (person,) in roster.touched}
    return max(
        roster.count,
        load.save(models.PersonName, rows.names(load.folder), ("person_id",), numbers).count,
        load.save(models.EmployeeNumber, rows.numbers(load.folder), ("person_id",), numbers).count,
    )


def _introduce(load: _Load, persons: Iterable[str]) -> None:
    """Make persons who are not there yet; a person once known is never removed."""
    models.Person.objects.bulk_create(
        [models.Person(person_id=person, recorded_at=load.at) for person in sorted(persons)],
        ignore_conflicts=True,
        batch_size=10_000,
    )


def _numbers(load: _Load) -> int:
    stated = list(rows.stated_numbers(load.folder))
    _introduce(load, {row["person_id"] for row in stated})
    where = Q(origin="numbers.csv")
    if not load.scope.people.everything:
        named = sorted({row["person_id"] for row in stated})
        where &= Q(company__in=sorted(load.scope.people.codes)) | Q(person_id__in=named)
    return load.save(models.EmployeeNumber, stated, ("person_id",), where).count


def _users(load: _Load) -> int:
    roles = list(rows.roles(load.folder))
    where = None
    if not load.scope.whole:
        where = Q(user__in=sorted({row["user"] for row in roles}))
    return load.save(models.RoleAssignment, roles, ("user",), where).count


def _rules(load: _Load) -> int:
    ids = load.folder.words("rules.toml", "id", "rule") | load.folder.words("rules.toml", "rule", "approver")
    where = load.among("rule_id", ids)
    saved = load.save(models.Rule, rows.rules(load.folder), ("rule_id",), where)
    approvers = list(rows.approvers(load.folder))
    listed = None if where is None else where & Q(side__in=sorted({row["side"] for row in approvers}))
    return saved.count + load.save(models.RuleApprovers, approvers, ("rule_id",), listed).count


def _access(load: _Load) -> int:
    where = load.scope.systems.where("system_id")
    saved = load.save(models.System, rows.systems(load.folder), ("system_id",), where)
    current = models.System.objects.current().order_by("start")
    of_systems = {
        system: (side, protected) for system, side, protected in current.values_list("system_id", "side", "protected")
    }
    entitlements = rows.entitlements(load.folder, of_systems)
    entitled = load.save(models.Entitlement, entitlements, ("system_id", "entitlement"), where)
    bundled = load.save(models.Bundle, rows.bundles(load.folder), ("bundle_id",), where)
    return saved.count + entitled.count + bundled.count


def _accounts(load: _Load) -> int:
    where = load.scope.systems.where("system_id")
    return load.save(models.Account, rows.accounts(load.folder), ("person_id",), where).count


def _grants(load: _Load) -> int:
    mine = Q(requested_by=rows.FROM_FOLDER)
    where = load.scope.systems.where("system_id")
    return load.save(
        models.Grant, rows.grants(load.folder), ("grant_id",), mine if where is None else mine & where
    ).count


def _protected_accounts(load: _Load) -> int:
    where = load.scope.systems.where("system_id")
    lines = rows.protected_accounts(load.folder)
    return load.save(models.ProtectedAccount, lines, ("account",), where).count


def _exceptions(load: _Load) -> int:
    where = Q(requested_by__startswith=f"{rows.FROM_FOLDER}:")
    named = load.among("exception_id", load.folder.words("exceptions.csv", "exception_id"))
    lines = rows.exceptions(load.folder)
    return load.save(models.RuleException, lines, ("exception_id",), where if named is None else where & named).count


def _holidays(load: _Load) -> int:
    days = list(rows.holidays(load.folder))
    where = None if load.scope.whole else Q(day__in=[row["day"] for row in days])
    return load.save(models.Holiday, days, ("day",), where).count


def _kept(file: str) -> Callable[[_Load], int]:
    def save(load: _Load) -> int:
        lines = list(rows.kept(load.folder, file))
        where = Q(file=file)
        if not load.scope.whole:
            where &= Q(key__in=sorted({row["key"] for row in lines}))
        return load.save(models.FolderRow, lines, ("key",), where).count

    return save


SAVERS: dict[str, Callable[[_Load], int]] = {
    "company.toml": _company_toml,
    "companies.csv": _companies,
    "units.csv": _units,
    "people.csv": _people,
    "numbers.csv": _numbers,
    "users.csv": _users,
    "rules.toml": _rules,
    "access.toml": _access,
    "accounts.csv": _accounts,
    "grants.csv": _grants,
    "protected_accounts.csv": _protected_accounts,
    "exceptions.csv": _exceptions,
    "holidays.csv": _holidays,
    **{file: _kept(file) for file in rows.KEPT_FILES},
}


def _record(load: _Load, found: FileRead, actor: Actor, now: datetime) -> None:
    """Write one entry a file that changed something; a load that changes nothing leaves no trace."""
    changed = load.changed[found.name]
    if changed:
        facts: dict[str, Json] = {
            "file": found.name,
            "sha256": found.sha256,
            "received_at": load.at.isoformat(),
            "rows_in": found.rows_in,
            "accepted": len(found.lines),
            "rejected": found.rejected,
            "ignored": found.ignored,
            "changed": changed,
        }
        side = visibility.widest_side(actor=actor, now=now)
        ledger.record(kind="folder.loaded", actor=actor.name, now=now, facts=facts, side=side)


def _result(load: _Load) -> LoadResult:
    folder = load.folder
    return LoadResult(
        companies=len(folder.words("companies.csv", "company_code")),
        units=len(folder.words("units.csv", "unit_code")),
        people=len(folder.words("people.csv", "person_id")),
        systems=len(folder.words("access.toml", "id", "system")),
        rules=len(folder.words("rules.toml", "id", "rule")),
        devices=len(folder.words("devices.csv", "device_id")),
        changed=sum(load.changed.values()),
        files=tuple(_file(found, load.changed[name]) for name, found in sorted(folder.files.items())),
        unknown_files=tuple(folder.unknown_files),
    )


def _file(found: FileRead, changed: int) -> FileLoad:
    return FileLoad(
        file=found.name,
        rows_in=found.rows_in,
        accepted=len(found.lines),
        rejected=found.rejected,
        ignored=found.ignored,
        changed=changed,
        rejections=tuple(sorted(found.defects, key=lambda defect: defect.row)),
        unknown_columns=tuple(found.unknown_columns),
    )
