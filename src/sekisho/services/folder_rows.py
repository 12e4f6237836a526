"""Lines of the company folder -> rows of our tables, one function a table.

Here: what each column becomes, and which rows of a table a folder speaks for. Not here: reading
(`sekisho.intake`), writing (`facts`), the load as a whole (`folder`).
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from sekisho.core.canonical import canonical
from sekisho.core.periods import FOREVER
from sekisho.intake.folder import Folder
from sekisho.intake.folder_columns import COLUMNS, EVER, Line

FROM_FOLDER = "folder"
"""`requested_by` of a grant or exception that stands in the folder: those asked for at the command line
are not the folder's to close."""

Row = dict[str, Any]

KEPT_FILES = {
    "devices.csv": ("device_id",),
    "device_users.csv": ("device_id", "person_id"),
    "credentials.csv": ("credential_id",),
    "credential_knows.csv": ("credential_id", "person_id"),
    "credential_changes.csv": ("credential_id",),
    "holds.csv": ("person_id",),
    "emergencies.csv": ("emergency_id",),
}
"""Files whose feature is to come, kept whole in `FolderRow`, and the columns that make the key."""


def period(line: Line) -> Row:
    """Return the two ends of the line's period."""
    return {"start": line.values["from"], "end": line.values["to"]}


def companies(folder: Folder) -> Iterator[Row]:
    """Yield the rows of companies.csv."""
    for line in folder.lines("companies.csv"):
        row = line.values
        yield {
            "code": row["company_code"],
            "name": row["name"],
            "status": row["status"],
            "side": row["side"],
            **period(line),
        }


def units(folder: Folder) -> Iterator[Row]:
    """Yield the rows of units.csv; `classes` stay as written, the boundary reads them."""
    for line in folder.lines("units.csv"):
        row = line.values
        yield {
            "code": row["unit_code"],
            "name": row["name"],
            "company": row["company_code"],
            "parent": row["parent_code"],
            "classes": row["classes"],
            "side": row["side"],
            "head": row["head_person_id"],
            "deputy": row["deputy_person_id"],
            "successor": row["successor_code"],
            **period(line),
        }


def posts(folder: Folder) -> Iterator[Row]:
    """Yield the posts of people.csv; without an employer the workplace's company employs."""
    for line in folder.lines("people.csv"):
        row = line.values
        yield {
            "person_id": row["person_id"],
            "company": row["company_code"],
            "unit": row["unit_code"],
            "employer": row["employer_company"] or row["company_code"],
            "title": row["title"],
            "post_kind": row["post_kind"],
            "post_no": row["post_no"],
            "post_classes": ";".join(row["post_classes"]),
            "share": row["share"],
            "employment_kind": row["employment_kind"],
            "on_leave": row["absence"] == "leave",
            "sponsor": row["sponsor_person_id"],
            "contract_end": row["contract_end"],
            **period(line),
        }


def origin(employer: str) -> str:
    """Return where a name or number of people.csv comes from: the employer's roster."""
    return f"people.csv:{employer}"


def names(folder: Folder) -> Iterator[Row]:
    """Yield each person's names by employer; a name goes on until the roster shows another."""
    shown: dict[tuple[str, str], list[Line]] = {}
    for line in folder.lines("people.csv"):
        employer = line.values["employer_company"] or line.values["company_code"]
        shown.setdefault((line.values["person_id"], employer), []).append(line)
    for (person, employer), lines in shown.items():
        lines.sort(key=lambda line: (line.values["from"], line.number))
        spans: list[Row] = []
        for line in lines:
            words = {key: line.values[key] for key in ("name", "kana", "former_name")}
            if spans and all(spans[-1][key] == word for key, word in words.items()):
                continue
            start = line.values["from"]
            if spans and spans[-1]["start"] == start:
                spans.pop()
            elif spans:
                spans[-1]["end"] = start
            spans.append({"person_id": person, "origin": origin(employer), **words, "start": start, "end": None})
        yield from spans


def numbers(folder: Folder) -> Iterator[Row]:
    """Yield the numbers of people.csv: at the workplace's company, and at the employer where that is another.

    The file does not say whose number a secondee's is. Both companies' HR files will name it, so it counts
    for both, unless another person has it at the employer.
    """
    spans: dict[tuple[str, str, str], Row] = {}
    taken: dict[tuple[str, str], set[str]] = {}
    lines = list(folder.lines("people.csv"))
    for line in lines:
        row = line.values
        taken.setdefault((row["company_code"], row["employee_no"]), set()).add(row["person_id"])
        employer = row["employer_company"] or row["company_code"]
        _span(spans, row["company_code"], employer, line)
    for line in lines:
        row = line.values
        employer = row["employer_company"] or row["company_code"]
        if employer != row["company_code"] and taken.get((employer, row["employee_no"]), set()) <= {row["person_id"]}:
            _span(spans, employer, employer, line)
    yield from spans.values()


def _span(spans: dict[tuple[str, str, str], Row], company: str, employer: str, line: Line) -> None:
    """Let a number hold from the first to the last day on which the roster shows it."""
    person, number = line.values["person_id"], line.values["employee_no"]
    start, end = line.values["from"], line.values["to"]
    row = spans.setdefault(
        (company, number, person),
        {
            "person_id": person,
            "company": company,
            "employee_no": number,
            "origin": origin(employer),
            "start": start,
            "end": end,
        },
    )
    row["start"] = min(row["start"], start)
    until = max(row["end"] or FOREVER, end or FOREVER)
    row["end"] = None if until == FOREVER else until


def stated_numbers(folder: Folder) -> Iterator[Row]:
    """Yield the rows of numbers.csv."""
    for line in folder.lines("numbers.csv"):
        row = line.values
        yield {
            "person_id": row["person_id"],
            "company": row["company_code"],
            "employee_no": row["employee_no"],
            "origin": "numbers.csv",
            **period(line),
        }


def roles(folder: Folder) -> Iterator[Row]:
    """Yield the rows of users.csv."""
    for line in folder.lines("users.csv"):
        row = line.values
        yield {key: row[key] for key in ("user", "person_id", "role", "side")} | period(line)


def systems(folder: Folder) -> Iterator[Row]:
    """Yield the systems; one of a side is protected unless it says otherwise, a neutral one is not."""
    for line in folder.lines("access.toml", "system"):
        row = line.values
        yield {
            "system_id": row["id"],
            "name": row["name"],
            "side": row["side"],
            "protected": bool(row["side"]) if row["protected"] is None else row["protected"],
            "connector": row["connector"],
            "settings": row["settings"],
            **period(line),
        }


def entitlements(folder: Folder, of_systems: dict[str, tuple[str, bool]]) -> Iterator[Row]:
    """Yield the entitlements; side and protection are the system's (`of_systems`) unless stated."""
    for line in folder.lines("access.toml", "entitlement"):
        row = line.values
        side, protected = of_systems.get(row["system"], ("", False))
        yield {
            "system_id": row["system"],
            "entitlement": row["id"],
            "side": row["side"] or side,
            "protected": protected if row["protected"] is None else row["protected"],
            "owned": row["owned"],
            "info_classes": sorted(row["info_classes"]),
            **period(line),
        }


def bundles(folder: Folder) -> Iterator[Row]:
    """Yield the bundles; one without an id is named after its content, so that its place does not matter."""
    for line in folder.lines("access.toml", "bundle"):
        row = line.values
        content = {"entitlements": sorted(set(row["entitlements"])), "condition": row["condition"]}
        digest = hashlib.sha256(canonical({"system": row["system"], **content})).hexdigest()[:12]
        yield {
            "bundle_id": row["id"] or f"{row['system']}:{digest}",
            "system_id": row["system"],
            **content,
            **period(line),
        }


def accounts(folder: Folder) -> Iterator[Row]:
    """Yield the rows of accounts.csv."""
    for line in folder.lines("accounts.csv"):
        row = line.values
        yield {
            "person_id": row["person_id"],
            "system_id": row["system"],
            "account": row["account"],
            **period(line),
        }


def grants(folder: Folder) -> Iterator[Row]:
    """Yield the manual grants of the folder, as approved by whom they name."""
    for line in folder.lines("grants.csv"):
        row = line.values
        parts = [row["person_id"], row["system"], row["entitlement"], row["from"].isoformat()]
        digest = hashlib.sha256(canonical(parts)).hexdigest()[:12]
        yield {
            "grant_id": row["grant_id"] or f"grant:{digest}",
            "person_id": row["person_id"],
            "system_id": row["system"],
            "entitlement": row["entitlement"],
            "reason": row["reason"],
            "requested_by": FROM_FOLDER,
            "approver": row["approver"],
            "state": "approved",
            **period(line),
        }


def protected_accounts(folder: Folder) -> Iterator[Row]:
    """Yield the rows of protected_accounts.csv."""
    for line in folder.lines("protected_accounts.csv"):
        row = line.values
        yield {"system_id": row["system"], "account": row["account"], "why": row["why"], **period(line)}


def rules(folder: Folder) -> Iterator[Row]:
    """Yield the rule versions; the body holds every key but id, version, from and to, as the file spells it."""
    for line in folder.lines("rules.toml", "rule"):
        row = line.values
        body = {key: _json(row[key]) for key in row if key not in {"table", "id", "version", "from", "to"}}
        yield {"rule_id": row["id"], "version": row["version"], "body": body, **period(line)}


def _json(value: Any) -> Any:
    match value:
        case tuple():
            return list(value)
        case _ if hasattr(value, "isoformat"):
            return value.isoformat()
        case _:
            return value


def approvers(folder: Folder) -> Iterator[Row]:
    """Yield who may approve exceptions."""
    for line in folder.lines("rules.toml", "approver"):
        row = line.values
        yield {"rule_id": row["rule"], "persons": sorted(row["person_ids"]), "side": row["side"], **period(line)}


def exceptions(folder: Folder) -> Iterator[Row]:
    """Yield the exceptions of the folder with their approvals; whether those suffice is `core.exceptions`' to say."""
    for line in folder.lines("exceptions.csv"):
        row = line.values
        yield {
            "exception_id": row["exception_id"],
            "rule_id": row["rule"],
            "person_id": row["person_id"],
            "reason": row["reason"],
            "requested_by": f"{FROM_FOLDER}:{row['requested_by']}",
            "approvals": [
                {"by": name, "person_id": name, "side": "", "at": row["from"].isoformat()}
                for name in row["approved_by"]
            ],
            "state": "approved",
            **period(line),
        }


def holidays(folder: Folder) -> Iterator[Row]:
    """Yield the company's own days off."""
    for line in folder.lines("holidays.csv"):
        yield {"day": line.values["date"], "name": line.values["name"], "start": line.values["date"]}


def kept(folder: Folder, file: str) -> Iterator[Row]:
    """Yield the rows of a file whose feature is to come, whole."""
    for line in folder.lines(file):
        row = line.values
        yield {
            "file": file,
            "key": "/".join(row[name] for name in KEPT_FILES[file]),
            "payload": {column.name: _json(row[column.name]) for column in COLUMNS[file]},
            "start": row.get("from", EVER),
            "end": row.get("to"),
        }
