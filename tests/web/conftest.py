"""Every page test has a home that is no rehearsal until it asks for one."""

from collections.abc import Iterator

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def plain_home() -> Iterator[None]:
    """Leave no mark of a rehearsal and no set clock behind."""
    yield
    for name in ("rehearsal", "clock"):
        (settings.HOME / name).unlink(missing_ok=True)
