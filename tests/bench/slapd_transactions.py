"""What a slapd makes of RFC 5805 transactions: how many it survives, by kind, and of plain changes beside them.

Each kind runs on a slapd of its own with one connection a transaction, until it dies or the number is
reached. Whoever wants to set `transactions = true` for a directory builds its slapd into the path and looks
here first.

    .venv/bin/python tests/bench/slapd_transactions.py [TRANSACTIONS] [THREADS]
"""

import sys
from collections.abc import Callable
from pathlib import Path

import ldap
import ldap.ldapobject

sys.path.insert(0, str(Path(__file__).parent.parent))
import servers
from sekisho.connectors import ldap_transactions

GROUPS = 30
Connection = ldap.ldapobject.LDAPObject


def sent(connection: Connection, controls: list[object], value: str, *, wrong: bool = False) -> None:
    """Send a harmless change of every group, pipelined; a `wrong` one takes out who is no member."""
    modification = (ldap.MOD_REPLACE, "description", [value.encode()])
    if wrong:
        modification = (ldap.MOD_DELETE, "member", [b"cn=no member"])
    names = [servers.group_dn(f"g{number}") for number in range(GROUPS)]
    numbers = [connection.modify_ext(name, [modification], serverctrls=controls) for name in names]
    for number in numbers:
        connection.result3(number)


def plain(connection: Connection, value: str) -> None:
    sent(connection, [], value)


def committed(connection: Connection, value: str) -> None:
    control = ldap_transactions.start(connection)
    sent(connection, [control], value)
    ldap_transactions.end(connection, control, commit=True)


def aborted(connection: Connection, value: str) -> None:
    control = ldap_transactions.start(connection)
    sent(connection, [control], value)
    ldap_transactions.end(connection, control, commit=False)


def failing(connection: Connection, value: str) -> None:
    control = ldap_transactions.start(connection)
    sent(connection, [control], value, wrong=True)
    try:
        ldap_transactions.end(connection, control, commit=True)
    except ldap.NO_SUCH_ATTRIBUTE:
        return
    raise RuntimeError("a transaction with a wrong change was committed")


def left_open(connection: Connection, value: str) -> None:
    """Close the connection with changes pending, as a killed client does."""
    sent(connection, [ldap_transactions.start(connection)], value)


def survived(kind: Callable[[Connection, str], None], most: int, threads: int) -> int:
    """Return how many of a kind slapd survives, `most` if it lives on."""
    people = [servers.person(f"u{number}") for number in range(200)]
    groups = [servers.group(f"g{group}", [f"u{number}" for number in range(group, 200, 7)]) for group in range(GROUPS)]
    with servers.slapd(people + groups, threads=threads) as directory:
        for number in range(most):
            try:
                connection = ldap.initialize(directory.url)
                connection.simple_bind_s(servers.ADMIN, servers.PASSWORD)
                kind(connection, f"x{number}")
                connection.unbind_s()
            except ldap.SERVER_DOWN:
                return number
    return most


def main() -> None:
    most, threads = (int(word) for word in (sys.argv[1:] + ["300", "16"][len(sys.argv) - 1 :]))
    for kind in (plain, committed, aborted, failing, left_open):
        number = survived(kind, most, threads)
        print(f"{kind.__name__:12} {'lives after' if number == most else 'DIED after'} {number}", flush=True)


if __name__ == "__main__":
    main()
