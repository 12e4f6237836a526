"""Whom the names in exceptions and changes of rules stand for: users, persons, ids linked to one another (law 13)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sekisho.core.kinds import PersonId
from sekisho.core.rules import Approvers
from sekisho.core.users import Actor
from sekisho.services import people
from sekisho.services.rules import approvers
from sekisho.store import models

FROM_FOLDER = "folder:"
"""Stands before the requester of an exception that came with the company folder."""


@dataclass(frozen=True, slots=True)
class Names:
    """Whom a written name stands for: the person behind a user, and of linked ids the one that answers (law 13)."""

    persons: Mapping[str, str]
    same_as: Mapping[PersonId, PersonId]
    approvers: tuple[Approvers, ...]

    @classmethod
    def known(cls, known_at: datetime) -> "Names":
        rows = models.RoleAssignment.objects.as_known_at(known_at).values_list("user", "person_id")
        persons = {user: person for user, person in rows if person}
        return cls(persons, people.same_as(known_at=known_at), approvers(known_at=known_at))

    def of(self, name: str) -> str:
        person = PersonId(self.persons.get(name, name))
        return self.same_as.get(person, person)

    def of_actor(self, actor: Actor) -> str:
        """Return who acts; in a home without users the claimed name stands for the person."""
        return self.of(actor.person_id or actor.name)

    def of_requester(self, requested_by: str) -> str:
        """Return the requesting person; rows of exceptions.csv carry a mark before the name."""
        return self.of(requested_by.removeprefix(FROM_FOLDER))

    def of_approval(self, approval: Mapping[str, Any]) -> str:
        """Return the approving person; exceptions.csv may name a user."""
        return self.of(str(approval.get("person_id") or approval.get("by") or ""))
