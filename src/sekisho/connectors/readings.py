"""How every connector turns what it saw into a `Reading`, with one digest for equal content."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from sekisho.core.access import AccountState, Reading


def reading(system: str, accounts: Mapping[str, AccountState], *, now: datetime, complete: bool = True) -> Reading:
    """Return the reading of one system at `now`; equal accounts give an equal digest, whatever the order."""
    return Reading(system=system, read_at=now, accounts=accounts, complete=complete, digest=digest(accounts))


def digest(accounts: Mapping[str, AccountState]) -> str:
    """Return the SHA-256 of the accounts, one line of JSON each, sorted.

    Line by line, because a large system has a million holdings and one document would hold them twice.
    """
    hashed = hashlib.sha256()
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for name in sorted(accounts):
        state = accounts[name]
        line = encode([name, state.active, sorted(state.entitlements), state.version])
        hashed.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return hashed.hexdigest()
