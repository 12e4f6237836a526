"""Whom the names in exceptions and changes of rules stand for: users, persons, ids linked to one another (law 13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sekisho.core.kinds import PersonId
from sekisho.core.rules import Approvers
from sekisho.core.users import Actor
from sekisho.services.rules import approvers
from sekisho.services.users import Selves
from sekisho.store import models

FROM_FOLDER = "folder:"
"""Stands before the requester of an exception that came with the company folder."""


@dataclass(frozen=True, slots=True)
class Names:
    """Whom a written name stands for: the person behind a user, and of linked ids the one that answers (law 13)."""

    persons: Mapping[str, str]
    same_as: Mapping[PersonId, PersonId]
    approvers: tuple[Approvers, ...]
    selves: Selves

    @classmethod
    def known(cls, known_at: datetime) -> "Names":
        rows = models.RoleAssignment.objects.as_known_at(known_at).order_by("id").values_list("user", "person_id")
        selves = Selves.known(known_at)
        return cls(
            {user: person for user, person in rows if person}, selves.same_as, approvers(known_at=known_at), selves
        )

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

    def is_one_of(self, actor: Actor, *names: str) -> bool:
        """Tell whether the actor is somebody of these, under whatever name or person (law 13)."""
        mine = self.selves.of(actor.name, actor.person_id)
        return any(mine & self._selves_of(name) for name in names)

    def has_approved(self, actor: Actor, approvals: Iterable[Mapping[str, Any]]) -> bool:
        """Tell whether the actor has given one of the approvals, under whatever name or person."""
        mine = self.selves.of(actor.name, actor.person_id)
        return any(mine & self._who_approved(one) for one in approvals)

    def counted(self, approvals: Iterable[Mapping[str, Any]], *never: str) -> tuple[str, ...]:
        """Return the approving persons whose approval counts: each human once, and none of `never` (law 13)."""
        seen = frozenset[str]().union(*(self._selves_of(name) for name in never))
        found = []
        for one in approvals:
            selves = self._who_approved(one)
            if not selves & seen:
                found.append(self.of_approval(one))
                seen |= selves
        return tuple(found)

    def _selves_of(self, name: str) -> frozenset[str]:
        return self.selves.of(name.removeprefix(FROM_FOLDER)) if name else frozenset()

    def _who_approved(self, approval: Mapping[str, Any]) -> frozenset[str]:
        name, person = str(approval.get("by") or ""), str(approval.get("person_id") or "")
        return self.selves.of(name or person, person or None)
