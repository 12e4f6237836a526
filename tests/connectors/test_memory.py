"""The in-memory target keeps the contract, and can be told to fail."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from connectors.contract import NOW, Contract, account, change, connector, held
from sekisho.connectors.memory import Faults, MemoryTarget
from sekisho.connectors.protocol import BadSettings, Rejected, Unreachable
from sekisho.connectors.registry import open_connector
from sekisho.core.access import System
from sekisho.core.kinds import Action

__all__ = ["connector"]

SYSTEM = System("人事/x", "X", None, protected=True, connector="memory")


@dataclass
class Target:
    home: Path

    @property
    def memory(self):
        return MemoryTarget(SYSTEM.id, home=self.home)

    def put(self, accounts):
        self.memory.put([replace(state, version="1") for state in accounts])

    def offer(self, entitlements):
        """Entitlements are only what accounts hold."""

    def open(self):
        return open_connector(SYSTEM, home=self.home)

    def open_nowhere(self):
        self.memory.fail(Faults(unreachable=True))
        return self.open()


@pytest.fixture
def target(tmp_path):
    return Target(tmp_path)


class TestMemory(Contract):
    pass


def test_effects_are_counted_once_however_often_a_batch_is_repeated(target, connector):
    target.put([account("a", "g")])
    batch = [change(Action.REVOKE, "a", "g")]
    for _ in range(3):
        connector.apply(batch, now=NOW)
    assert target.memory.state().effects == {batch[0].operation_id: 1}


def test_a_refused_account_leaves_the_whole_batch_undone(target, connector):
    target.put([account("a", "g"), account("b", "g")])
    target.memory.fail(Faults(refused=frozenset({"b"})))
    with pytest.raises(Rejected):
        connector.apply([change(Action.REVOKE, "a", "g"), change(Action.REVOKE, "b", "g")], now=NOW)
    assert held(connector)["a"] == (True, frozenset({"g"}))


def test_a_lost_answer_leaves_the_effect(target, connector):
    target.put([account("a", "g")])
    target.memory.fail(Faults(lost_answers=1))
    with pytest.raises(Unreachable):
        connector.apply([change(Action.REVOKE, "a", "g")], now=NOW)
    assert held(connector)["a"] == (True, frozenset())


def test_a_read_can_be_incomplete(target, connector):
    target.put([account("a", "g")])
    target.memory.fail(Faults(incomplete=True))
    assert not connector.read(now=NOW).complete


def test_an_unknown_kind_of_connector_is_refused_with_the_kinds_there_are(tmp_path):
    with pytest.raises(BadSettings) as caught:
        open_connector(replace(SYSTEM, connector="fax"), home=tmp_path)
    assert "ldap" in str(caught.value.params["words"])
