"""What every connector that writes and reads back must do, whatever is behind it.

A test module inherits `Contract` and gives a fixture `target`: something that puts accounts as the
target's own administrators would, and opens connectors. Behind the worklist stands an operator who works each
order and exports the application afterwards (`test_worklist`).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol

import pytest

from sekisho.connectors.protocol import BadSettings, Change, ChangeState, Connector, Precondition, Unreachable
from sekisho.core.access import AccountState
from sekisho.core.kinds import Action

NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOSTILE = [
    "部長, 送配電",
    'say "hi"',
    "it's; DROP TABLE accounts--",
    "two\nlines",
    "star*",
    "back\\slash",
    "(&(uid=*))",
    "a=b+c,d",
    "髙﨑邊",
    "%s %(x)s {y}",
    "#hash",
    "ｶﾅ　全角",
]


class Target(Protocol):
    """A target as a test sees it."""

    def put(self, accounts: Iterable[AccountState]) -> None:
        """Set these accounts, making the entitlements they need."""

    def offer(self, entitlements: Iterable[str]) -> None:
        """Make entitlements exist, with no holder, where the target keeps them apart from holdings."""

    def open(self) -> Connector: ...

    def open_nowhere(self) -> Connector:
        """Open a connector of a target that is not there; may raise already."""

    def open_without(self, key: str) -> Connector:
        """Open a connector with one required setting left out."""


def account(name: str, *entitlements: str, active: bool = True) -> AccountState:
    return AccountState(name, active, frozenset(entitlements))


def change(action: Action, name: str, entitlement: str = "", version: str = "") -> Change:
    return Change(f"{action}/{name}/{entitlement}", name, action, entitlement, version)


def held(connector: Connector) -> dict[str, tuple[bool, frozenset[str]]]:
    """Return what a fresh read shows, without versions."""
    accounts = connector.read(now=NOW).accounts
    return {name: (state.active, state.entitlements) for name, state in accounts.items()}


def states(connector: Connector, *changes: Change) -> list[ChangeState]:
    return [result.state for result in connector.apply(changes, now=NOW)]


@pytest.fixture
def connector(target: Target):
    opened = target.open()
    yield opened
    opened.close()


class Contract:
    """`many` is how many accounts lose one entitlement and get another; fewer where each costs three requests."""

    required_setting = ""
    many = 500

    def test_a_read_shows_every_account_with_its_entitlements(self, target, connector):
        target.put([account("a", "g", "h"), account("b", "g"), account("c")])
        reading = connector.read(now=NOW)
        assert reading.complete
        assert reading.read_at == NOW
        assert held(connector) == {
            "a": (True, frozenset({"g", "h"})),
            "b": (True, frozenset({"g"})),
            "c": (True, frozenset()),
        }

    def test_equal_content_gives_an_equal_digest_and_a_change_another(self, target, connector):
        target.put([account("a", "g"), account("b", "g")])
        first = connector.read(now=NOW).digest
        assert connector.read(now=NOW).digest == first
        connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)
        assert connector.read(now=NOW).digest != first

    def test_some_accounts_are_read_afresh_and_unknown_ones_left_out(self, target, connector):
        target.put([account("a", "g", "h"), account("b", "g")])
        found = connector.read_accounts(["b", "nobody", "a"])
        assert {name: state.entitlements for name, state in found.items()} == {
            "a": frozenset({"g", "h"}),
            "b": frozenset({"g"}),
        }
        assert connector.read_accounts([]) == {}

    def test_grants_and_revocations_happen_and_touch_nobody_else(self, target, connector):
        target.put([account("a", "g", "k"), account("b", "g", "h", "k"), account("c", "h")])
        done = states(connector, change(Action.REVOKE, "a", "g"), change(Action.GRANT, "a", "h"))
        assert done == [ChangeState.APPLIED] * 2
        assert held(connector) == {
            "a": (True, frozenset({"h", "k"})),
            "b": (True, frozenset({"g", "h", "k"})),
            "c": (True, frozenset({"h"})),
        }

    def test_a_state_that_already_holds_is_already(self, target, connector):
        target.put([account("a", "g"), account("b", "h")])
        wanted = [change(Action.GRANT, "a", "g"), change(Action.REVOKE, "a", "h")]
        assert states(connector, *wanted) == [ChangeState.ALREADY] * 2
        assert held(connector)["a"] == (True, frozenset({"g"}))

    def test_a_repeated_batch_is_already_and_changes_nothing(self, target, connector):
        target.put([account("a", "g"), account("b", "h")])
        versions = {name: state.version for name, state in connector.read(now=NOW).accounts.items()}
        batch = [
            change(Action.REVOKE, "a", "g", versions["a"]),
            change(Action.GRANT, "a", "h", versions["a"]),
            change(Action.GRANT, "b", "g", versions["b"]),
        ]
        assert states(connector, *batch) == [ChangeState.APPLIED] * 3
        digest = connector.read(now=NOW).digest
        assert states(connector, *batch) == [ChangeState.ALREADY] * 3
        assert connector.read(now=NOW).digest == digest

    def test_a_batch_half_done_before_is_finished(self, target, connector):
        target.put([account(f"u{number}", "g") for number in range(6)])
        target.offer(["h"])
        batch = [change(Action.GRANT, f"u{number}", "h") for number in range(6)]
        connector.apply(batch[:3], now=NOW)
        assert states(connector, *batch) == [ChangeState.ALREADY] * 3 + [ChangeState.APPLIED] * 3

    def test_a_stale_version_fails_alone(self, target, connector):
        if connector.capabilities.precondition is not Precondition.VERSION:
            return self._a_stale_value_is_seen(target, connector)
        target.put([account("a", "g"), account("b", "g")])
        target.offer(["h"])
        versions = {name: state.version for name, state in connector.read(now=NOW).accounts.items()}
        connector.apply([change(Action.GRANT, "a", "h")], now=NOW)
        batch = [change(Action.REVOKE, "a", "g", versions["a"]), change(Action.REVOKE, "b", "g", versions["b"])]
        assert states(connector, *batch) == [ChangeState.STALE, ChangeState.APPLIED]
        assert held(connector)["a"] == (True, frozenset({"g", "h"}))
        return None

    def _a_stale_value_is_seen(self, target, connector):
        """Without versions, what somebody else did in the meantime is seen as already done."""
        target.put([account("a", "g"), account("b", "g")])
        other = target.open()
        other.apply([change(Action.REVOKE, "a", "g")], now=NOW)
        other.close()
        batch = [change(Action.REVOKE, "a", "g"), change(Action.REVOKE, "b", "g")]
        assert states(connector, *batch) == [ChangeState.ALREADY, ChangeState.APPLIED]

    def test_the_version_after_a_change_serves_the_next_one(self, target, connector):
        target.put([account("a", "g"), account("b", "h")])
        version = connector.read_accounts(["a"])["a"].version
        first = connector.apply([change(Action.REVOKE, "a", "g", version)], now=NOW)[0]
        assert states(connector, change(Action.GRANT, "a", "h", first.version)) == [ChangeState.APPLIED]

    def test_two_changes_of_one_account_in_a_batch_are_not_strangers(self, target, connector):
        target.put([account("a", "g"), account("b", "h", "k")])
        version = connector.read_accounts(["a"])["a"].version
        batch = [change(Action.GRANT, "a", "h", version), change(Action.GRANT, "a", "k", version)]
        assert states(connector, *batch) == [ChangeState.APPLIED] * 2
        assert held(connector)["a"] == (True, frozenset({"g", "h", "k"}))

    def test_changes_of_one_thing_happen_in_order(self, target, connector):
        target.put([account("a"), account("b", "g")])
        batch = [change(Action.GRANT, "a", "g"), change(Action.REVOKE, "a", "g"), change(Action.REVOKE, "b", "g")]
        assert states(connector, *batch)[2] is ChangeState.APPLIED
        assert held(connector)["a"] == (True, frozenset())

    def test_accounts_are_disabled_and_enabled(self, target, connector):
        assert connector.capabilities.disables_accounts
        target.put([account("a", "g"), account("b", "g")])
        assert states(connector, change(Action.DISABLE, "a")) == [ChangeState.APPLIED]
        assert held(connector) == {"a": (False, frozenset({"g"})), "b": (True, frozenset({"g"}))}
        assert states(connector, change(Action.DISABLE, "a")) == [ChangeState.ALREADY]
        assert states(connector, change(Action.ENABLE, "a")) == [ChangeState.APPLIED]
        assert states(connector, change(Action.ENABLE, "a")) == [ChangeState.ALREADY]
        assert held(connector)["a"] == (True, frozenset({"g"}))

    def test_an_account_the_target_does_not_have_is_refused_alone(self, target, connector):
        target.put([account("a", "g"), account("b")])
        batch = [change(Action.GRANT, "nobody", "g"), change(Action.GRANT, "b", "g"), change(Action.DISABLE, "no*")]
        results = connector.apply(batch, now=NOW)
        assert [result.state for result in results] == [
            ChangeState.REJECTED,
            ChangeState.APPLIED,
            ChangeState.REJECTED,
        ]
        assert results[0].code == "connectors.no_account"
        assert "nobody" not in held(connector)

    def test_the_last_holder_can_lose_an_entitlement(self, target, connector):
        target.put([account("a", "g"), account("b")])
        assert states(connector, change(Action.REVOKE, "a", "g")) == [ChangeState.APPLIED]
        assert held(connector) == {"a": (True, frozenset()), "b": (True, frozenset())}
        assert states(connector, change(Action.GRANT, "b", "g")) == [ChangeState.APPLIED]
        assert held(connector)["b"] == (True, frozenset({"g"}))

    @pytest.mark.parametrize("name", HOSTILE)
    def test_any_name_survives_as_account_and_as_entitlement(self, target, connector, name):
        target.put([account(name, "g"), account("star", "g"), account("other", name)])
        assert connector.read_accounts([name])[name].entitlements == {"g"}
        batch = [change(Action.REVOKE, name, "g"), change(Action.GRANT, name, name), change(Action.DISABLE, name)]
        assert states(connector, *batch) == [ChangeState.APPLIED] * 3
        assert held(connector) == {
            name: (False, frozenset({name})),
            "star": (True, frozenset({"g"})),
            "other": (True, frozenset({name})),
        }

    def test_results_come_in_the_order_of_the_changes(self, target, connector):
        target.put([account(f"u{number}", "g", "h") for number in range(20)])
        order = sorted(range(20), key=lambda number: number * 7 % 20)
        batch = [change(Action.REVOKE, f"u{number}", "gh"[number % 2]) for number in order]
        results = connector.apply(batch, now=NOW)
        assert [result.operation_id for result in results] == [item.operation_id for item in batch]

    def test_a_thousand_changes(self, target, connector):
        names = [f"u{number:04}" for number in range(self.many)]
        target.put([account(name, f"g{number % 10}") for number, name in enumerate(names)])
        batch = [change(Action.REVOKE, name, f"g{number % 10}") for number, name in enumerate(names)]
        batch += [change(Action.GRANT, name, f"g{(number + 1) % 10}") for number, name in enumerate(names)]
        size = connector.capabilities.batch_size
        done = [
            state for start in range(0, len(batch), size) for state in states(connector, *batch[start : start + size])
        ]
        assert done == [ChangeState.APPLIED] * len(batch)
        now = held(connector)
        assert all(now[name] == (True, frozenset({f"g{(number + 1) % 10}"})) for number, name in enumerate(names))

    def test_nothing_to_do_is_nothing_done(self, target, connector):
        assert connector.apply([], now=NOW) == []

    def test_a_target_that_is_not_there_is_unreachable(self, target):
        with pytest.raises(Unreachable) as caught:
            target.open_nowhere().read(now=NOW)
        assert caught.value.params["system"]

    def test_a_missing_setting_is_named(self, target):
        if not self.required_setting:
            return
        with pytest.raises(BadSettings) as caught:
            target.open_without(self.required_setting)
        assert str(caught.value.params["key"]).startswith(self.required_setting)

    def test_closing_twice_is_no_error(self, target):
        opened = target.open()
        opened.close()
        opened.close()
