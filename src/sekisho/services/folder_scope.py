"""For which facts a company folder speaks: one folder a side may be loaded apart (CONTRACT).

A row that is gone closes its fact only where the folder speaks for it, or loading the network's folder
would end everyone of the affiliate. What a file speaks for is read from its own rows, by side (a company
without a side stands for itself by its status):

- `companies.csv`, `units.csv`: every company of the sides that the file's rows are of;
- `people.csv` and `numbers.csv`: everyone *employed* by a company that `units.csv` speaks for (without
  one, by the employers in the file): HR of the employer keeps a secondee's row;
- `access.toml` and what names its systems: every system of the sides in it;
- everything else: all of it, unless a file above speaks for some sides only; then what it mentions.

A folder that speaks for every side known so far speaks for everything: then the last row of a neutral
company or system may go as well. What the store knows beside that is what rows may refer to (`known`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Q

from sekisho.intake.folder import Folder
from sekisho.intake.folder_checks import Known
from sekisho.store import models
from sekisho.store.models.base import Fact, FactQuerySet

F = TypeVar("F", bound=Fact)
NOTHING = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Spoken:
    """The codes in the store and the folder that one file speaks for; `everything`: all there are."""

    codes: frozenset[str]
    everything: bool

    def where(self, column: str) -> Q | None:
        """Return the filter on a column of codes; None for everything."""
        return None if self.everything else Q(**{f"{column}__in": sorted(self.codes)})


@dataclass(frozen=True, slots=True)
class Scope:
    """What each kind of file of one folder speaks for."""

    companies: Spoken
    units: Spoken
    people: Spoken
    systems: Spoken
    whole: bool


def scope_of(folder: Folder, *, at: datetime) -> Scope:
    """Return what the folder speaks for, given what is known at `at`."""
    sides = _company_sides(folder, at)
    companies = _spoken(folder.words("companies.csv", "company_code"), sides)
    units = _spoken(folder.words("units.csv", "company_code"), sides)
    employers = {
        line.values["employer_company"] or line.values["company_code"] for line in folder.lines("people.csv")
    } or folder.words("numbers.csv", "company_code")
    people = units if "units.csv" in folder.files else _spoken(employers, sides)
    systems = _spoken(_mentioned_systems(folder), _system_sides(folder, at))
    spoken = [companies] if "companies.csv" in folder.files else []
    spoken += [units] if "units.csv" in folder.files else []
    spoken += [people] if "people.csv" in folder.files else []
    spoken += [systems] if "access.toml" in folder.files else []
    return Scope(companies, units, people, systems, all(one.everything for one in spoken))


def _spoken(mentioned: Iterable[str], sides: dict[str, str]) -> Spoken:
    """Return the codes of every side that is mentioned; codes without a side only beside all sides."""
    named = set(mentioned)
    spoken = {sides.get(code, "") for code in named} - {""}
    everything = not named or set(sides.values()) - {""} <= spoken
    codes = named | {code for code, side in sides.items() if side in spoken}
    return Spoken(frozenset(codes), everything)


def _company_sides(folder: Folder, at: datetime) -> dict[str, str]:
    known = models.Company.objects.as_known_at(at).order_by("start").values_list("code", "side", "status")
    sides = {code: side or status for code, side, status in known}
    for line in folder.lines("companies.csv"):
        sides[line.values["company_code"]] = line.values["side"] or line.values["status"]
    return sides


def _system_sides(folder: Folder, at: datetime) -> dict[str, str]:
    sides = dict(models.System.objects.as_known_at(at).order_by("start").values_list("system_id", "side"))
    for line in folder.lines("access.toml", "system"):
        sides[line.values["id"]] = line.values["side"]
    return sides


def _mentioned_systems(folder: Folder) -> set[str]:
    if "access.toml" in folder.files:
        return folder.words("access.toml", "id", "system")
    files = ("accounts.csv", "grants.csv", "protected_accounts.csv")
    return {name for file in files for name in folder.words(file, "system")}


def known(folder: Folder, scope: Scope, *, at: datetime) -> Known:
    """Return what rows may refer to beside the folder itself: facts it does not speak for."""
    companies = _beside(models.Company, scope.companies.where("code"), folder, "companies.csv", at)
    units = _beside(models.Unit, scope.units.where("company"), folder, "units.csv", at)
    systems = _beside(models.System, scope.systems.where("system_id"), folder, "access.toml", at)
    entitlements = _beside(models.Entitlement, scope.systems.where("system_id"), folder, "access.toml", at)
    rules = _beside(models.Rule, None if scope.whole else NOTHING, folder, "rules.toml", at)
    return Known(
        companies=frozenset(companies.values_list("code", flat=True)),
        units=frozenset(units.values_list("code", "company")),
        persons=frozenset(models.Person.objects.values_list("person_id", flat=True)),
        systems=frozenset(systems.values_list("system_id", flat=True)),
        entitlements=frozenset(entitlements.values_list("system_id", "entitlement")),
        rules=frozenset(rules.values_list("rule_id", flat=True)),
        devices=_kept(folder, "devices.csv", scope, at),
        credentials=_kept(folder, "credentials.csv", scope, at),
    )


def _beside(model: type[F], within: Q | None, folder: Folder, file: str, at: datetime) -> FactQuerySet[F]:
    """Return the known rows that this load leaves alone: all of them where the file is not there."""
    rows: FactQuerySet[F] = FactQuerySet(model).as_known_at(at)
    if file not in folder.files:
        return rows
    return rows.none() if within is None else rows.exclude(within)


def _kept(folder: Folder, file: str, scope: Scope, at: datetime) -> frozenset[str]:
    """Return the codes of a kept-for-later file that stand in the store beside this folder."""
    rows = models.FolderRow.objects.as_known_at(at).filter(file=file)
    if file in folder.files and scope.whole:
        return frozenset()
    return frozenset(rows.values_list("key", flat=True))
