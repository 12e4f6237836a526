"""What every test stands on: a home of its own, and one printed line for what was left out."""

import os
import tempfile
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--real", action="store_true", help="run the tests that need slapd and PostgreSQL as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a real component, unless it was asked for; the summary says how many."""
    if config.getoption("--real"):
        return
    real = [item for item in items if item.get_closest_marker("real")]
    if real:
        config.hook.pytest_deselected(items=real)
        items[:] = [item for item in items if not item.get_closest_marker("real")]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests with real transactions empty the ledger's tables afterwards, which the database refuses otherwise.

    The refusals themselves are tried in tests/services/test_ledger.py, on triggers made anew.
    """
    protection = import_module("sekisho.store.migrations.0002_ledger_append_only")
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        protection.unprotect(None, editor)
