"""What every test stands on: a home of its own, and one printed line for what was left out."""

import os
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

os.environ["SEKISHO_HOME"] = tempfile.mkdtemp(prefix="sekisho-tests-")
site.HOME = Path(os.environ["SEKISHO_HOME"])  # pytest-django has read the settings before this file
site.STATIC_ROOT = site.HOME / "static"
site.STATIC_ROOT.mkdir()
site.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow hash proves nothing here

# The laws run on the same examples every time, however slow the machine: nothing lands or fails by chance.
# A campaign draws new ones:  ./test tests/core --hypothesis-profile=campaign --hypothesis-seed=random
# (a number repeats one; a test with a max_examples of its own keeps it). What it finds becomes a plain test.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("campaign", settings.get_profile("steady"), derandomize=False, max_examples=3000)
settings.load_profile("steady")


SHARE = 12
"""Of the long matrices (every page, role and side) plain ./test takes one case in so many; --all takes all."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--real", action="store_true", help="run the tests that need real components, and everything long")
    parser.addoption("--long", action="store_true", help="run every case of the long matrices")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a real component and most of the long matrices, unless asked; the summary says how many."""
    if config.getoption("--real"):
        return
    left_out = {item for item in items if item.get_closest_marker("real")}
    if not config.getoption("--long"):
        left_out |= set(_beyond_the_share(items))
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def _beyond_the_share(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield the cases that plain ./test leaves to --all: `long` of a matrix, `long(0)` of a costly world whole."""
    place = 0
    for item in items:
        marker = item.get_closest_marker("long")
        if marker is None or not (marker.args or hasattr(item, "callspec")):
            continue
        place += 1
        if marker.args or place % SHARE:
            yield item


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests with real transactions empty the ledger's tables afterwards, which the database refuses otherwise.

    The refusals themselves are tried in tests/services/test_ledger.py, on triggers made anew.
    """
    protection = import_module("sekisho.store.migrations.0002_ledger_append_only")
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        protection.unprotect(None, editor)
