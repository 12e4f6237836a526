"""Clients of the site for tests: users with roles, signed in, and what is read from a page."""

from datetime import UTC, date, datetime

from django.conf import settings
from django.test import Client

from sekisho.services import installation
from sekisho.store.models import RoleAssignment, User

PASSWORD = "a long word for a test"


def user(name: str, *roles: tuple[str, str], person: str = "", end: date | None = None) -> User:
    """Make a user with roles, each (role, side)."""
    made = User.objects.create_user(name, PASSWORD)
    for role, side in roles:
        RoleAssignment.objects.create(
            user=name,
            person_id=person,
            role=role,
            side=side,
            start=date(2010, 4, 1),
            end=end,
            recorded_at=datetime(2010, 1, 1, tzinfo=UTC),
        )
    return made


def client(name: str, *roles: tuple[str, str], person: str = "", language: str = "ja") -> Client:
    """Return a client signed in as a new user of a rehearsal home, where a password alone is enough."""
    installation.mark_rehearsal(home=settings.HOME)
    made = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)
    made.force_login(User.objects.filter(username=name).first() or user(name, *roles, person=person))
    return made
