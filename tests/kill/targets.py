"""The worlds by name: SQLite, PostgreSQL, and slapd behind a proxy."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.kill.world import SqlWorld


@contextmanager
def sqlite_world(folder: Path) -> Iterator[SqlWorld]:
    yield SqlWorld(folder)


WORLDS: dict[str, Callable[[Path], AbstractContextManager[SqlWorld]]] = {"sqlite": sqlite_world}
