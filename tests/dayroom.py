"""What tests of pages and of calls stand on: a home that is no rehearsal until one asks, and the two-sided world."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from pytest_django import DjangoDbBlocker

import sides
from sekisho.services import installation


@pytest.fixture(autouse=True)
def plain_home() -> Iterator[None]:
    """Leave no mark of a rehearsal and no set clock behind."""
    yield
    for name in ("rehearsal", "clock"):
        (settings.HOME / name).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sides.World]:
    with django_db_blocker.unblock(), transaction.atomic():
        made = sides.build(tmp_path_factory.mktemp("room"))
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def at_the_day(monkeypatch: pytest.MonkeyPatch, world: sides.World) -> Path:
    """Let the site live in the world's home and time."""
    monkeypatch.setattr(settings, "HOME", world.home)
    installation.mark_rehearsal(home=world.home)
    with transaction.atomic():
        installation.set_clock(actor=sides.TRUSTED, home=world.home, claimed=sides.NOW)
    return world.home
