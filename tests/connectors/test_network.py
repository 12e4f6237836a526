"""slapd and PostgreSQL behind a network that cuts, loses, delays and repeats: in the end the state is right.

Whoever calls a connector may call it again after Unreachable. So: repeat until an answer comes, then look
with a clean connection. What is there is what was wanted, whatever the fault hit.
"""

import pytest

import servers
from connectors.contract import NOW, account, change
from connectors.test_ldap import Target
from network_fault import Fault, Kind, Way, proxy, random_fault
from sekisho.connectors.protocol import Change, ChangeState, Rejected, Unreachable
from sekisho.connectors.registry import open_connector
from sekisho.core.access import System
from sekisho.core.kinds import Action

pytestmark = pytest.mark.real

WANTED = [change(Action.REVOKE, f"u{number}", "g") for number in range(8)]
WANTED += [change(Action.GRANT, f"u{number}", "h") for number in range(8)] + [change(Action.DISABLE, "u8")]
SETTLED = {ChangeState.APPLIED, ChangeState.ALREADY}


def insist(system: System, changes: list[Change], home) -> int:
    """Call until every change is settled, as a resumed cutover would; return how often it took."""
    for attempt in range(1, 10):
        try:
            connector = open_connector(system, home=home)
            try:
                results = connector.apply(changes, now=NOW)
            finally:
                connector.close()
        except (Unreachable, Rejected) as error:
            print(attempt, error)
            continue
        if all(result.state in SETTLED for result in results):
            return attempt
    raise AssertionError("never settled")


@pytest.fixture(scope="module")
def directory():
    with servers.slapd() as running:
        yield running


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_network_does_to_a_directory_the_end_is_the_same(directory, tmp_path, seed):
    target = Target(tmp_path, directory)
    target.put([*(account(f"u{number}", "g") for number in range(9)), account("other", "h")])
    with proxy(directory.port) as network:
        network.break_by(random_fault(seed, most_bytes=4000))
        settings = directory.settings(f"ldap://127.0.0.1:{network.port}") | {"timeout_seconds": 1}
        insist(System("d", "D", None, protected=True, connector="ldap", settings=settings), WANTED, tmp_path)
    connector = target.open()
    accounts = connector.read(now=NOW).accounts
    connector.close()
    assert {name: state.entitlements for name, state in accounts.items()} == {
        **{f"u{number}": frozenset({"h"}) for number in range(8)},
        "u8": frozenset({"g"}),
        "other": frozenset({"h"}),
    }
    assert not accounts["u8"].active


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.LOSE])
def test_a_commit_whose_answer_is_lost_has_happened_and_is_already_when_repeated(directory, tmp_path, kind):
    target = Target(tmp_path, directory)
    target.put([account("a", "g"), account("b", "g")])
    with proxy(directory.port) as network:
        settings = directory.settings(f"ldap://127.0.0.1:{network.port}") | {"timeout_seconds": 1}
        system = System("d", "D", None, protected=True, connector="ldap", settings=settings)
        connector = open_connector(system, home=tmp_path)
        connector.apply([change(Action.REVOKE, "b", "g")], now=NOW)
        connector.close()
        whole = network.passed[Way.TO_CLIENT]
        target.put([account("c", "k")])
        target.admin.modify_s(servers.group_dn("g"), [(0, "member", [servers.person_dn("b").encode()])])
        network.break_by(Fault(kind, Way.TO_CLIENT, whole - 1))
        connector = open_connector(system, home=tmp_path)
        with pytest.raises(Unreachable):
            connector.apply([change(Action.REVOKE, "b", "g")], now=NOW)
        results = connector.apply([change(Action.REVOKE, "b", "g")], now=NOW)
        connector.close()
    assert [result.state for result in results] == [ChangeState.ALREADY]
    assert network.struck == 1


def test_the_proxy_passes_everything_when_told_nothing(directory, tmp_path):
    target = Target(tmp_path, directory)
    target.put([account("a", "g")])
    with proxy(directory.port) as network:
        opened = target.open(url=f"ldap://127.0.0.1:{network.port}")
        assert set(opened.read(now=NOW).accounts) == {"a"}
        opened.close()
        assert min(network.passed.values()) > 0
        assert network.struck == 0
