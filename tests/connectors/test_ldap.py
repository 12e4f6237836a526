"""A real slapd keeps the contract, with RFC 5805 transactions and without."""

from dataclasses import dataclass
from pathlib import Path

import pytest

import servers
from connectors.contract import NOW, Contract, account, change, connector, held, states
from sekisho.connectors.protocol import BadSettings, ChangeState, NotFound, Rejected, Unreachable
from sekisho.connectors.registry import open_connector
from sekisho.core.access import System
from sekisho.core.kinds import Action

ldap = pytest.importorskip("ldap", reason="the extra `ldap` is not installed")

__all__ = ["connector"]

pytestmark = pytest.mark.real


@dataclass
class Target:
    """A directory, emptied for each test. Groups are made before people are put into them."""

    home: Path
    directory: servers.Directory

    def __post_init__(self):
        self.admin = ldap.initialize(self.directory.url)
        self.admin.simple_bind_s(servers.ADMIN, servers.PASSWORD)
        for base in (servers.PEOPLE, servers.GROUPS):
            for dn, _ in self.admin.search_s(base, ldap.SCOPE_ONELEVEL, attrlist=["1.1"]):
                self.admin.delete_s(dn)

    def put(self, accounts):
        members: dict[str, list[bytes]] = {}
        for state in accounts:
            self.person(state.account)
            for entitlement in state.entitlements:
                members.setdefault(entitlement, []).append(servers.person_dn(state.account).encode())
        for entitlement, dns in members.items():
            self.group(entitlement, dns)

    def offer(self, entitlements):
        for entitlement in entitlements:
            self.group(entitlement, [b"cn=nobody"])

    def person(self, name: str, under: str = servers.PEOPLE):
        content = {"objectClass": [b"inetOrgPerson"], "uid": [name.encode()], "cn": [b"X"], "sn": [b"X"]}
        self.admin.add_s(f"uid={servers.escaped(name)},{under}", list(content.items()))

    def group(self, name: str, members: list[bytes]):
        content = {"objectClass": [b"groupOfNames"], "cn": [name.encode()], "member": members}
        self.admin.add_s(servers.group_dn(name), list(content.items()))

    def members(self, name: str) -> set[bytes]:
        return set(self.admin.search_s(servers.group_dn(name), ldap.SCOPE_BASE)[0][1]["member"])

    def open(self, **more: object):
        settings = self.directory.settings() | {"timeout_seconds": 10} | more
        return open_connector(
            System("d", "台帳", None, protected=True, connector="ldap", settings=settings), home=self.home
        )

    def open_nowhere(self):
        return self.open(url=f"ldap://127.0.0.1:{servers.free_port()}")

    def open_without(self, key):
        return self.open(**{key: ""})


@dataclass
class TransactionalTarget(Target):
    """A directory that is asked for transactions."""

    def open(self, **more: object):
        return super().open(**{"transactions": True} | more)


@pytest.fixture(scope="module")
def directory():
    with servers.slapd() as running:
        yield running


@pytest.fixture(scope="module")
def transactional_directory():
    """Give a slapd that survives RFC 5805 transactions: one with two threads."""
    with servers.slapd(threads=2) as running:
        yield running


@pytest.fixture
def target(tmp_path, directory):
    return Target(tmp_path, directory)


class TestSlapd(Contract):
    required_setting = "people_base"


class TestSlapdWithTransactions(Contract):
    required_setting = "groups_base"

    @pytest.fixture
    def target(self, tmp_path, transactional_directory):
        return TransactionalTarget(tmp_path, transactional_directory)


def test_transactions_are_used_only_when_asked_for(target, connector):
    assert connector.capabilities.group_major
    assert not connector.capabilities.atomic_batch
    asked = target.open(transactions=True)
    assert asked.capabilities.atomic_batch
    asked.close()


def test_a_failing_change_leaves_the_whole_transaction_undone(tmp_path, transactional_directory):
    target = TransactionalTarget(tmp_path, transactional_directory)
    target.put([account("a", "g"), account("b", "h")])
    opened = target.open(placeholder="not a dn")
    with pytest.raises(Rejected):
        opened.apply([change(Action.GRANT, "b", "g"), change(Action.REVOKE, "b", "h")], now=NOW)
    assert held(opened) == {"a": (True, frozenset({"g"})), "b": (True, frozenset({"h"}))}
    opened.close()


def test_without_a_transaction_a_refused_group_fails_alone(target):
    target.put([account("a", "g"), account("b", "h")])
    opened = target.open(placeholder="not a dn")
    batch = [change(Action.GRANT, "b", "g"), change(Action.REVOKE, "b", "h")]
    assert states(opened, *batch) == [ChangeState.APPLIED, ChangeState.REJECTED]
    assert held(opened) == {"a": (True, frozenset({"g"})), "b": (True, frozenset({"g", "h"}))}
    opened.close()


def test_more_groups_than_may_be_on_the_way_at_once_are_changed(target, connector):
    target.put([account("a"), account("b", *(f"g{number}" for number in range(450)))])
    batch = [change(Action.GRANT, "a", f"g{number}") for number in range(450)]
    assert states(connector, *batch) == [ChangeState.APPLIED] * 450
    assert len(connector.read_accounts(["a"])["a"].entitlements) == 450


def test_the_last_member_leaves_a_placeholder_that_is_nobodys_account(target, connector):
    target.put([account("a", "g")])
    assert states(connector, change(Action.REVOKE, "a", "g")) == [ChangeState.APPLIED]
    assert target.members("g") == {b"cn=nobody"}


def test_members_written_in_another_spelling_are_found_and_go(target, connector):
    target.put([account("a")])
    target.group("g", [f"UID=A, {servers.PEOPLE.upper()}".encode()])
    assert held(connector)["a"] == (True, frozenset({"g"}))
    assert states(connector, change(Action.REVOKE, "a", "g")) == [ChangeState.APPLIED]
    assert held(connector)["a"] == (True, frozenset())


def test_two_entries_of_one_account_are_shown_and_not_written(target, connector):
    target.put([account("a", "g"), account("b", "g")])
    branch = f"ou=branch,{servers.PEOPLE}"
    target.admin.add_s(branch, [("objectClass", [b"organizationalUnit"]), ("ou", [b"branch"])])
    target.person("a", branch)
    result = connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)[0]
    assert (result.state, result.code) == (ChangeState.REJECTED, "connectors.ambiguous")
    target.admin.delete_s(f"uid=a,{branch}")
    target.admin.delete_s(branch)


def test_an_account_that_moved_is_found_again(target, connector):
    target.put([account("a", "g"), account("b", "g")])
    held(connector)
    target.admin.rename_s(servers.person_dn("a"), "cn=X+uid=a")
    moved = f"cn=X+uid=a,{servers.PEOPLE}".encode()
    dns = [(ldap.MOD_DELETE, "member", [servers.person_dn("a").encode()]), (ldap.MOD_ADD, "member", [moved])]
    target.admin.modify_s(servers.group_dn("g"), dns)
    assert states(connector, change(Action.REVOKE, "a", "g")) == [ChangeState.APPLIED]
    assert target.members("g") == {servers.person_dn("b").encode()}


def test_a_disabled_account_is_locked_for_good_and_a_passing_lock_is_not_disabled(target, connector):
    target.put([account("a")])
    lock = [(ldap.MOD_REPLACE, "pwdAccountLockedTime", [b"20260401000000Z"])]
    target.admin.modify_s(servers.person_dn("a"), lock)
    assert held(connector)["a"][0]
    assert states(connector, change(Action.DISABLE, "a")) == [ChangeState.APPLIED]
    found = target.admin.search_s(servers.person_dn("a"), ldap.SCOPE_BASE, attrlist=["pwdAccountLockedTime"])
    assert found[0][1]["pwdAccountLockedTime"] == [b"000001010000Z"]


def test_a_locked_account_can_no_longer_bind(target, connector):
    target.put([account("a")])
    target.admin.passwd_s(servers.person_dn("a"), None, "the right one")

    def binds() -> bool:
        person = ldap.initialize(target.directory.url)
        try:
            person.simple_bind_s(servers.person_dn("a"), "the right one")
        except ldap.INVALID_CREDENTIALS:
            return False
        finally:
            person.unbind_s()
        return True

    assert binds()
    connector.apply([change(Action.DISABLE, "a")], now=NOW)
    assert not binds()
    connector.apply([change(Action.ENABLE, "a")], now=NOW)
    assert binds()


def test_without_a_policy_that_locks_nobody_is_said_to_be_disabled(target):
    policy = "cn=default,ou=policies,dc=example,dc=jp"
    target.put([account("a")])
    target.admin.modify_s(policy, [(ldap.MOD_REPLACE, "pwdLockout", [b"FALSE"])])
    opened = target.open()
    target.admin.modify_s(policy, [(ldap.MOD_REPLACE, "pwdLockout", [b"TRUE"])])
    assert not opened.capabilities.disables_accounts
    result = opened.apply([change(Action.DISABLE, "a")], now=NOW)[0]
    assert (result.state, result.code) == (ChangeState.REJECTED, "connectors.not_supported")
    opened.close()


def test_an_attribute_of_the_settings_can_say_who_is_active(target):
    target.put([account("a")])
    opened = target.open(active={"attribute": "employeeType", "on": "active", "off": "left"})
    assert states(opened, change(Action.DISABLE, "a")) == [ChangeState.APPLIED]
    assert held(opened) == {"a": (False, frozenset())}
    assert states(opened, change(Action.ENABLE, "a")) == [ChangeState.APPLIED]
    assert held(opened) == {"a": (True, frozenset())}
    opened.close()


def test_members_can_be_account_names(target):
    target.put([account("a"), account("b")])
    group = {"objectClass": [b"posixGroup"], "cn": [b"p"], "gidNumber": [b"1"], "memberUid": [b"a"]}
    target.admin.add_s(servers.group_dn("p"), list(group.items()))
    opened = target.open(group_class="posixGroup", member="memberUid")
    assert states(opened, change(Action.REVOKE, "a", "p"), change(Action.GRANT, "b", "p")) == [ChangeState.APPLIED] * 2
    assert held(opened) == {"a": (True, frozenset()), "b": (True, frozenset({"p"}))}
    opened.close()


def test_more_people_than_a_page_are_read(target, connector):
    target.put([account(f"u{number}") for number in range(1201)])
    reading = connector.read(now=NOW)
    assert reading.complete
    assert len(reading.accounts) == 1201


def test_a_base_that_is_not_there_is_named(target):
    with pytest.raises(NotFound) as caught:
        target.open(people_base="ou=gone,dc=example,dc=jp")
    assert caught.value.params["detail"] == "ou=gone,dc=example,dc=jp"


def test_a_wrong_password_is_rejected_and_does_not_show(target, monkeypatch):
    monkeypatch.setenv("WRONG", "not-the-password")
    with pytest.raises(Rejected) as caught:
        target.open(password_file="", password_env="WRONG")
    assert "not-the-password" not in str(caught.value.params)


def test_a_password_does_not_travel_unencrypted_to_another_machine(target):
    with pytest.raises(BadSettings) as caught:
        target.open(url="ldap://192.0.2.1")
    assert caught.value.code == "connectors.unsafe_url"


def test_after_a_lost_connection_the_next_call_connects_anew(tmp_path):
    with servers.slapd([servers.person("a"), servers.group("g", ["a"])]) as directory:
        target = Target.__new__(Target)
        target.home, target.directory = tmp_path, directory
        opened = target.open()
        with servers.stopped(directory), pytest.raises(Unreachable):
            target.open(timeout_seconds=1)
        assert held(opened) == {"a": (True, frozenset({"g"}))}
        opened.close()
