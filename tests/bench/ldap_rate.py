"""The rate of our LDAP connector beside a bare python-ldap client, on one slapd, durable, in one run.

Both make the same changes: each mover leaves a group and joins another, grouped by group, in RFC 5805
transactions of the same size, revocations first over all, then grants. The bare client knows every DN
beforehand and checks nothing; ours is given account names and says what became of each. Prints both rates
in movers a second, and their ratio (DESIGN §6: at least 0.85).

    .venv/bin/python tests/bench/ldap_rate.py [MOVERS] [ROUNDS]
"""

import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import ldap

sys.path.insert(0, str(Path(__file__).parent.parent))
import servers
from sekisho.connectors import ldap_transactions
from sekisho.connectors.protocol import Change, ChangeState
from sekisho.connectors.registry import open_connector
from sekisho.core.access import System
from sekisho.core.kinds import Action

PEOPLE, GROUPS, HELD = 5000, 250, 8
NOW = datetime(2026, 4, 1, tzinfo=UTC)
Move = tuple[str, str, str]


def content() -> list[str]:
    members: dict[int, list[str]] = defaultdict(list)
    for number in range(PEOPLE):
        for place in range(HELD):
            members[(number + place * 31) % GROUPS].append(f"u{number}")
    people = [servers.person(f"u{number}") for number in range(PEOPLE)]
    return people + [servers.group(f"g{group}", members[group]) for group in range(GROUPS)]


def moves(first: int, count: int) -> list[Move]:
    """Return who leaves which group for which."""
    return [
        (f"u{number}", f"g{number % GROUPS}", f"g{(number + 7) % GROUPS}") for number in range(first, first + count)
    ]


def ordered(changes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return (group, account) pairs group by group."""
    return sorted(changes)


def bare(directory: servers.Directory, movers: list[Move], size: int) -> float:
    """Return the seconds a bare client needs."""
    connection = ldap.initialize(directory.url)
    connection.simple_bind_s(servers.ADMIN, servers.PASSWORD)
    dn_of = {account: servers.person_dn(account).encode() for account, _, _ in movers}
    start = time.perf_counter()
    for what, place in ((ldap.MOD_DELETE, 1), (ldap.MOD_ADD, 2)):
        changes = ordered([(move[place], move[0]) for move in movers])
        for begin in range(0, len(changes), size):
            grouped: dict[str, list[bytes]] = defaultdict(list)
            for group, account in changes[begin : begin + size]:
                grouped[group].append(dn_of[account])
            control = ldap_transactions.start(connection)
            numbers = [
                connection.modify_ext(servers.group_dn(group), [(what, "member", dns)], serverctrls=[control])
                for group, dns in grouped.items()
            ]
            for number in numbers:
                connection.result3(number)
            ldap_transactions.end(connection, control, commit=True)
    return time.perf_counter() - start


def ours(directory: servers.Directory, movers: list[Move], home: Path) -> tuple[float, int]:
    """Return the seconds our connector needs, and its batch size."""
    system = System("d", "D", None, protected=True, connector="ldap", settings=directory.settings())
    connector = open_connector(system, home=home)
    size = connector.capabilities.batch_size
    start = time.perf_counter()
    for action, place in ((Action.REVOKE, 1), (Action.GRANT, 2)):
        changes = ordered([(move[place], move[0]) for move in movers])
        made = [Change(f"{action}-{account}-{group}", account, action, group) for group, account in changes]
        for begin in range(0, len(made), size):
            results = connector.apply(made[begin : begin + size], now=NOW)
            if any(result.state is not ChangeState.APPLIED for result in results):
                raise RuntimeError("a change was not applied")
    took = time.perf_counter() - start
    connector.close()
    return took, size


def main() -> None:
    count, rounds = (int(word) for word in (sys.argv[1:] + ["1000", "3"][len(sys.argv) - 1 :]))
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    with tempfile.TemporaryDirectory() as home, servers.slapd(content(), durable=True) as directory:
        _, size = ours(directory, moves(0, 10), Path(home))
        for number in range(rounds):
            slots = [10 + (2 * number + turn) * count for turn in (0, 1)]
            if number % 2:
                slots.reverse()
            raw = bare(directory, moves(slots[0], count), size)
            made, _ = ours(directory, moves(slots[1], count), Path(home))
            rates["bare"].append(count / raw)
            rates["ours"].append(count / made)
            print(f"round {number + 1}: bare {count / raw:8.0f}   ours {count / made:8.0f} movers/s")
    raw_rate, our_rate = median(rates["bare"]), median(rates["ours"])
    print(f"median: bare {raw_rate:.0f}, ours {our_rate:.0f} movers/s, ratio {our_rate / raw_rate:.2f} (limit 0.85)")


if __name__ == "__main__":
    main()
