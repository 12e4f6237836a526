"""What must hold between the rows and files of a company folder; what does not hold is rejected by column.

Here: overlaps, references, sides. A row may refer to what this folder brings or to what the store
knows from another folder (`Known`): one folder a side may be loaded apart. Heads, deputies and
sponsors are not checked: they may come with HR's next file, and a unit without its head is worth more
than no unit. A user need not be on any roster.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sekisho.core.kinds import BOTH, NEUTRAL
from sekisho.core.periods import FOREVER
from sekisho.intake.defects import Defect
from sekisho.intake.folder import Folder
from sekisho.intake.folder_columns import Line
from sekisho.intake.folder_tables import FileRead, reject_overlaps

SIDED = (
    ("companies.csv", None),
    ("units.csv", None),
    ("users.csv", None),
    ("devices.csv", None),
    ("emergencies.csv", None),
    ("rules.toml", "approver"),
    ("access.toml", "system"),
    ("access.toml", "entitlement"),
)
PERSON_FILES = ("accounts.csv", "grants.csv", "device_users.csv", "credential_knows.csv", "exceptions.csv", "holds.csv")


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows beside this folder, by code."""

    companies: frozenset[str] = frozenset()
    units: frozenset[tuple[str, str]] = frozenset()
    """(unit, company)"""
    persons: frozenset[str] = frozenset()
    systems: frozenset[str] = frozenset()
    entitlements: frozenset[tuple[str, str]] = frozenset()
    """(system, entitlement)"""
    rules: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    credentials: frozenset[str] = frozenset()


def check(folder: Folder, known: Known) -> None:
    """Move every line that does not fit with the others to its file's rejected ones."""
    _sides(folder)
    _companies_and_units(folder, known)
    _people(folder, known)
    _access(folder, known)
    _refer(folder, "exceptions.csv", "rule", known.rules | folder.words("rules.toml", "id", "rule"), "unknown_rule")
    devices = known.devices | folder.words("devices.csv", "device_id")
    _refer(folder, "device_users.csv", "device_id", devices, "unknown_device")
    credentials = known.credentials | folder.words("credentials.csv", "credential_id")
    for name in ("credential_knows.csv", "credential_changes.csv"):
        _refer(folder, name, "credential_id", credentials, "unknown_credential")
    _no_one_approves_himself(folder)


def _reject_where(found: FileRead, column: str, why: Callable[[Mapping[str, Any]], str | None], **params: str) -> None:
    """Reject each line for which `why` names a code."""
    bad: list[tuple[Line, Defect]] = []
    for line in found.lines:
        code = why(line.values)
        if code:
            bad.append((line, found.defect(line, column, code, **params)))
    found.reject_all(bad)


def _refer(folder: Folder, file: str, column: str, known: Iterable[str], code: str) -> None:
    """Reject each line of the file whose word in the column nobody knows; a blank refers to nothing."""
    found = folder.files.get(file)
    if found is not None:
        names = {"", *known}
        _reject_where(found, column, lambda row: f"folder.{code}" if row.get(column, "") not in names else None)


def _sides(folder: Folder) -> None:
    """Reject a side that company.toml does not list; where it lists none, any word is one."""
    declared = {side for line in folder.lines("company.toml", "company") for side in line.values["sides"]}
    for file, table in SIDED:
        found = folder.files.get(file)
        for line in folder.lines(file, table):
            if line.values["side"] == NEUTRAL:
                line.values["side"] = ""
        if found is None or not declared:
            continue
        words = {"", *declared, *([BOTH] if file == "users.csv" else [])}
        column = f"{table}.side" if table else "side"

        def unknown(row: Mapping[str, Any], words: set[str] = words, table: str | None = table) -> str | None:
            ours = table is None or row["table"] == table
            return "folder.unknown_side" if ours and row["side"] not in words else None

        _reject_where(found, column, unknown, sides=", ".join(sorted(declared)))


def _companies_and_units(folder: Folder, known: Known) -> None:
    if companies := folder.files.get("companies.csv"):
        reject_overlaps(companies, ("company_code",), "folder.overlap")
    codes = known.companies | folder.words("companies.csv", "company_code")
    _refer(folder, "units.csv", "company_code", codes, "unknown_company")
    if units := folder.files.get("units.csv"):
        reject_overlaps(units, ("unit_code",), "folder.overlap")
    names = {unit for unit, _ in known.units} | folder.words("units.csv", "unit_code")
    for column in ("parent_code", "successor_code"):
        _refer(folder, "units.csv", column, names, "unknown_unit")


def _people(folder: Folder, known: Known) -> None:
    codes = known.companies | folder.words("companies.csv", "company_code")
    for file, column in (
        ("people.csv", "company_code"),
        ("people.csv", "employer_company"),
        ("numbers.csv", "company_code"),
    ):
        _refer(folder, file, column, codes, "unknown_company")
    places = known.units | {
        (line.values["unit_code"], line.values["company_code"]) for line in folder.lines("units.csv")
    }
    _refer(folder, "people.csv", "unit_code", {unit for unit, _ in places}, "unknown_unit")
    if people := folder.files.get("people.csv"):
        _reject_where(
            people,
            "unit_code",
            lambda row: None if (row["unit_code"], row["company_code"]) in places else "folder.unit_elsewhere",
        )
    _numbers(folder)
    persons = known.persons | folder.words("people.csv", "person_id") | folder.words("numbers.csv", "person_id")
    for file in PERSON_FILES:
        _refer(folder, file, "person_id", persons, "unknown_person")


def _numbers(folder: Folder) -> None:
    """Reject a row that gives a number to a second person while the first one has it."""
    taken: dict[tuple[str, str], list[Line]] = {}
    for file in ("people.csv", "numbers.csv"):
        found = folder.files.get(file)
        if found is None:
            continue
        bad: list[tuple[Line, Defect]] = []
        for line in sorted(found.lines, key=lambda each: (each.values["from"], each.number)):
            others = taken.setdefault((line.values["company_code"], line.values["employee_no"]), [])
            clash = next((other for other in others if _clash(other.values, line.values)), None)
            if clash is None:
                others.append(line)
            else:
                holder = clash.values["person_id"]
                bad.append((line, found.defect(line, "employee_no", "folder.number_taken", person_id=holder)))
        found.reject_all(bad)


def _clash(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    apart = (one["to"] or FOREVER) <= other["from"] or (other["to"] or FOREVER) <= one["from"]
    return one["person_id"] != other["person_id"] and not apart


def _access(folder: Folder, known: Known) -> None:
    found = folder.files.get("access.toml")
    systems = known.systems | folder.words("access.toml", "id", "system")
    if found is not None:
        _reject_where(
            found,
            "system",
            lambda row: "folder.unknown_system" if row["table"] != "system" and row["system"] not in systems else None,
        )
    entitlements = known.entitlements | {
        (line.values["system"], line.values["id"]) for line in folder.lines("access.toml", "entitlement")
    }
    if found is not None:
        _reject_where(
            found,
            "entitlements",
            lambda row: (
                "folder.unknown_entitlement"
                if row["table"] == "bundle"
                and any((row["system"], one) not in entitlements for one in row["entitlements"])
                else None
            ),
        )
    for file in ("accounts.csv", "grants.csv", "protected_accounts.csv", "credentials.csv"):
        _refer(folder, file, "system", systems, "unknown_system")
    if grants := folder.files.get("grants.csv"):
        _reject_where(
            grants,
            "entitlement",
            lambda row: None if (row["system"], row["entitlement"]) in entitlements else "folder.unknown_entitlement",
        )


def _no_one_approves_himself(folder: Folder) -> None:
    """Law 13: the mover, and whoever asked, is never the approver."""
    if exceptions := folder.files.get("exceptions.csv"):
        _reject_where(
            exceptions,
            "approved_by",
            lambda row: (
                "folder.own_approval" if {row["person_id"], row["requested_by"]} & set(row["approved_by"]) else None
            ),
        )
    if grants := folder.files.get("grants.csv"):
        _reject_where(
            grants, "approver", lambda row: "folder.own_approval" if row["person_id"] == row["approver"] else None
        )
