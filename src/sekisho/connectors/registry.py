"""From a system in access.toml to its open connector.

Each kind of connector is imported when it is first used: most commands touch one or none, and the
libraries behind them are slow to import or, for LDAP, optional.
"""

from importlib import import_module
from pathlib import Path
from typing import Protocol

from sekisho.connectors.protocol import BadSettings, Connector
from sekisho.core.access import System

KINDS = ("memory", "sql", "scim", "ldap", "worklist")


class Opener(Protocol):
    """The one function each kind's module offers."""

    def __call__(self, system: System, *, home: Path) -> Connector: ...


def open_connector(system: System, *, home: Path) -> Connector:
    """Open the connector of a system. `home` is where embedded targets keep their files.

    Raises:
        BadSettings: the kind is unknown, its library is missing, or a setting does not fit.
        Unreachable: the target does not answer.
        Rejected: the target refuses us.
    """
    if system.connector not in KINDS:
        facts = {"system": system.id, "connector": system.connector, "words": ", ".join(KINDS)}
        raise BadSettings("connectors.unknown_kind", facts)
    try:
        module = import_module(f"sekisho.connectors.{system.connector}")
    except ModuleNotFoundError as error:
        if error.name in {"ldap", "_ldap"}:
            raise BadSettings("connectors.library_missing", {"system": system.id, "extra": "ldap"}) from error
        raise
    opener: Opener = module.open_target
    return opener(system, home=home)
