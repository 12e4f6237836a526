"""Fill the demo's embedded targets with what people hold: SQLite files, a SCIM service, a worklist's export.

Not here: what they hold (`access`), starting the SCIM service (whoever runs the demo does).
"""

import csv
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.request import Request, urlopen

TABLES = (
    "CREATE TABLE IF NOT EXISTS accounts (login TEXT PRIMARY KEY, active INTEGER NOT NULL, version INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS rights (login TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (login, name))",
    "CREATE INDEX IF NOT EXISTS rights_name ON rights (name)",
)
Accounts = Mapping[str, set[str]]
"""account → entitlements"""


def fill_sql(file: Path, accounts: Accounts) -> None:
    """Add accounts with a version, and their rights, to an application's database, made where it is not there."""
    with closing(sqlite3.connect(file)) as db, db:
        for table in TABLES:
            db.execute(table)
        db.executemany("INSERT INTO accounts VALUES (?, 1, 1)", ((name,) for name in sorted(accounts)))
        rights = ((name, right) for name in sorted(accounts) for right in sorted(accounts[name]))
        db.executemany("INSERT INTO rights VALUES (?, ?)", rights)


def fill_export(folder: Path, accounts: Accounts, day: str) -> None:
    """Write the legacy application's export: a row per right, an empty one for an account without any."""
    exports = folder / "exports"
    exports.mkdir(parents=True)
    with (exports / f"export-{day}.csv").open("w", encoding="cp932", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account", "entitlement"])
        for name in sorted(accounts):
            writer.writerows([name, right] for right in sorted(accounts[name]) or [""])


def fill_scim(base_url: str, token: str, accounts: Accounts, groups: set[str]) -> None:
    """Make users and groups in an empty SCIM service, and put the users into the groups.

    `base_url` is a loopback address of our own; every group exists, members or not.
    """
    ids = {}
    for name in sorted(accounts):
        user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "active": True}
        ids[name] = _post(f"{base_url}/Users", token, user)
    for group in sorted(groups | {right for held in accounts.values() for right in held}):
        members = [{"value": ids[name]} for name in sorted(accounts) if group in accounts[name]]
        body = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": group,
            "members": members,
        }
        _post(f"{base_url}/Groups", token, body)


def _post(url: str, token: str, body: Mapping[str, object]) -> str:
    headers = {"Content-Type": "application/scim+json", "Authorization": f"Bearer {token}"}
    request = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - the demo's own loopback
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return str(json.load(answer)["id"])
