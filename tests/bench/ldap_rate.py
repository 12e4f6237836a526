"""The rate of our LDAP connector beside a bare python-ldap client, on one slapd, durable, in one run.

Both make the same changes: each mover leaves a group and joins another, one MODIFY a group and batch,
revocations first over all, then grants. The bare client knows every DN beforehand and checks nothing;
ours is given account names and says what became of each. Twice: sent one after the other without waiting
(the default), and in RFC 5805 transactions on a slapd with two threads (with more it dies of them; see
`slapd_transactions.py`). Prints movers a second and the ratio (DESIGN §6: at least 0.85).

    .venv/bin/python tests/bench/ldap_rate.py [MOVERS] [ROUNDS]
"""

import sys
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

PEOPLE, GROUPS, HELD = 12_000, 250, 4
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


def bare(directory: servers.Directory, movers: list[Move], size: int, *, transactions: bool) -> float:
    """Return the seconds a bare client needs."""
    connection = ldap.initialize(directory.url)
    connection.simple_bind_s(servers.ADMIN, servers.PASSWORD)
    dn_of = {account: servers.person_dn(account).encode() for account, _, _ in movers}
    start = time.perf_counter()
    for what, place in ((ldap.MOD_DELETE, 1), (ldap.MOD_ADD, 2)):
        changes = sorted((move[place], move[0]) for move in movers)
        for begin in range(0, len(changes), size):
            grouped: dict[str, list[bytes]] = defaultdict(list)
            for group, account in changes[begin : begin + size]:
                grouped[group].append(dn_of[account])
            controls = [ldap_transactions.start(connection)] if transactions else []
            numbers = [
                connection.modify_ext(servers.group_dn(group), [(what, "member", dns)], serverctrls=controls)
                for group, dns in grouped.items()
            ]
            for number in numbers:
                connection.result3(number)
            if transactions:
                ldap_transactions.end(connection, controls[0], commit=True)
    took = time.perf_counter() - start
    connection.unbind_s()
    return took


def ours(directory: servers.Directory, movers: list[Move], *, transactions: bool) -> tuple[float, int]:
    """Return the seconds our connector needs, and its batch size; a connector a phase, as a cutover has."""
    settings = directory.settings(transactions=transactions)
    system = System("d", "D", None, protected=True, connector="ldap", settings=settings)
    took, size = 0.0, 0
    for action, place in ((Action.REVOKE, 1), (Action.GRANT, 2)):
        connector = open_connector(system, home=Path())
        size = connector.capabilities.batch_size
        changes = sorted((move[place], move[0]) for move in movers)
        made = [Change(f"{action}-{account}-{group}", account, action, group) for group, account in changes]
        start = time.perf_counter()
        for begin in range(0, len(made), size):
            results = connector.apply(made[begin : begin + size], now=NOW)
            if any(result.state is not ChangeState.APPLIED for result in results):
                raise RuntimeError("a change was not applied")
        took += time.perf_counter() - start
        connector.close()
    return took, size


def compared(count: int, rounds: int, *, transactions: bool) -> None:
    """Print the rounds and the medians; who goes first changes from round to round."""
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    with servers.slapd(content(), durable=True, threads=2 if transactions else 16) as directory:
        _, size = ours(directory, moves(0, 10), transactions=transactions)
        for number in range(rounds):
            order = ["bare", "ours"] if number % 2 else ["ours", "bare"]
            for turn, who in enumerate(order):
                movers = moves(10 + (2 * number + turn) * count, count)
                if who == "bare":
                    took = bare(directory, movers, size, transactions=transactions)
                else:
                    took, _ = ours(directory, movers, transactions=transactions)
                rates[who].append(count / took)
            print(f"  round {number + 1}: bare {rates['bare'][-1]:8.0f}   ours {rates['ours'][-1]:8.0f} movers/s")
    raw, made = median(rates["bare"]), median(rates["ours"])
    name = "RFC 5805 transactions" if transactions else "one by one, pipelined"
    print(f"{name}: bare {raw:.0f}, ours {made:.0f} movers/s, ratio {made / raw:.2f} (limit 0.85)")


def main() -> None:
    count, rounds = (int(word) for word in (sys.argv[1:] + ["1000", "5"][len(sys.argv) - 1 :]))
    if 10 + 2 * rounds * count > PEOPLE:
        raise SystemExit(f"no more than {PEOPLE} people are there")
    for transactions in (False, True):
        compared(count, rounds, transactions=transactions)


if __name__ == "__main__":
    main()
