"""What a token may be used for: `<word>:read` or `<word>:write`, `*` for every word, but for `APART`.

It only ever lessens its user. Reading and writing are apart: a token that writes plans and shall read
them as well names both.
"""

from collections.abc import Collection

READ, WRITE = "read", "write"
WORDS = (
    "account",
    "administration",
    "board",
    "exceptions",
    "findings",
    "grants",
    "jobs",
    "ledger",
    "orders",
    "people",
    "plans",
    "rules",
    "search",
    "systems",
    "tokens",
    "transfers",
    "verification",
)
"""The words of the house of which the API speaks."""
ONLY_READ = frozenset({"board", "people", "search", "systems", "transfers"})
"""Words of which nothing is changed there."""
SCOPES = tuple(
    f"{word}:{way}" for word in ("*", *WORDS) for way in (READ, WRITE) if way == READ or word not in ONLY_READ
)
"""Every scope that a token may have."""


APART = frozenset({"administration:write"})
"""Scopes that `*` does not reach: whoever changes users and parameters by a program names it."""


def covers(held: Collection[str], scope: str) -> bool:
    """Tell whether one of the scopes held reaches a call's scope."""
    return scope in held or (scope not in APART and f"*:{scope.partition(':')[2]}" in held)


def within(asked: Collection[str], held: Collection[str]) -> bool:
    """Tell whether nothing that is asked for goes beyond what is held."""
    return all(covers(held, scope) for scope in asked)
