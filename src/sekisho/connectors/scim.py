"""A SCIM 2.0 service: accounts are users; entitlements are groups, or the users' `entitlements` attribute.

Services answer 204 to what they ignored and empty a group for a filter they do not know, so every change
is read back before it counts. A resource is read, changed under its version (`If-Match`, where the service
keeps versions) and read again. A batch is not atomic: each group or user is changed for itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sekisho.connectors.outcomes import judge
from sekisho.connectors.protocol import (
    Capabilities,
    Change,
    ChangeResult,
    ChangeState,
    NotFound,
    Precondition,
    Rejected,
)
from sekisho.connectors.readings import reading
from sekisho.connectors.scim_http import Changed, Link, Resource, items, quoted, truth, version_of
from sekisho.connectors.settings import Settings
from sekisho.core.access import AccountState, Reading, System
from sekisho.core.kinds import Action

BATCH_SIZE = 200
ASKED_ONE_BY_ONE = 20
MEMBERSHIPS = frozenset({Action.GRANT, Action.REVOKE})


@dataclass(frozen=True, slots=True)
class Place:
    """A resource that changes are written to."""

    kind: str
    id: str


class ScimConnector:
    """One SCIM service, opened for one use."""

    def __init__(self, settings: Settings) -> None:
        self._system = settings.system
        self._key = settings.choice(settings.spelled("account_key", "account", "key"), ("userName", "externalId"))
        self._by_groups = settings.choice("entitlements", ("groups", "entitlements")) == "groups"
        self._group_key = settings.choice("group_key", ("displayName", "externalId", "id"))
        self._link = Link(settings)
        try:
            self._versions = self._link.versions()
        except BaseException:
            self._link.close()
            raise
        enforced = Precondition.VALUE if self._by_groups else Precondition.VERSION
        self.capabilities = Capabilities(
            write=True,
            read_back=True,
            precondition=enforced if self._versions else Precondition.NONE,
            atomic_batch=False,
            group_major=self._by_groups,
            batch_size=BATCH_SIZE,
            disables_accounts=True,
        )

    def read(self, *, now: datetime) -> Reading:
        users, all_users = self._link.all("Users")
        groups, all_groups = self._link.all("Groups") if self._by_groups else ([], True)
        return reading(self._system, self._states(users, groups), now=now, complete=all_users and all_groups)

    def read_accounts(self, accounts: Sequence[str]) -> dict[str, AccountState]:
        users = self._users(accounts)
        groups = self._whole("Groups") if self._by_groups else []
        return self._states([user for found in users.values() for user in found], groups)

    def apply(self, changes: Sequence[Change], *, now: datetime) -> list[ChangeResult]:
        users = self._users({change.account for change in changes})
        groups = self._groups({change.entitlement for change in changes if change.action in MEMBERSHIPS})
        results: dict[int, ChangeResult] = {}
        places: dict[Place, list[int]] = defaultdict(list)
        for number, change in enumerate(changes):
            place = self._place(change, users, groups)
            if isinstance(place, Place):
                places[place].append(number)
            else:
                results[number] = place
        for place, numbers in places.items():
            part = [changes[number] for number in numbers]
            results.update(zip(numbers, self._changed(place, part, users), strict=True))
        return [results[number] for number in range(len(changes))]

    def close(self) -> None:
        self._link.close()

    def _place(
        self, change: Change, users: Mapping[str, list[Resource]], groups: Mapping[str, list[Resource]]
    ) -> Place | ChangeResult:
        """Return where a change is written, or why it cannot be."""
        found, code = users.get(change.account, []), "connectors.no_account"
        kind, candidates = "Users", found
        if found and change.action in MEMBERSHIPS and self._by_groups:
            kind, candidates, code = "Groups", groups.get(change.entitlement, []), "connectors.no_entitlement"
        if len(found) > 1 or len(candidates) > 1:
            code = "connectors.ambiguous"
        elif candidates:
            return Place(kind, str(candidates[0]["id"]))
        return ChangeResult(change.operation_id, ChangeState.REJECTED, code, change.account)

    def _changed(
        self, place: Place, changes: Sequence[Change], users: Mapping[str, list[Resource]]
    ) -> list[ChangeResult]:
        """Read one resource, change what is due, read it again, and say what became of each change."""
        try:
            before = self._link.get(place.kind, place.id)
            ids = {str(found[0]["id"]): account for account, found in users.items()}
            outcome = judge(changes, self._now(place, before, changes, ids))
            if not outcome.after:
                return outcome.results
            operations = list(self._operations(place, self._now(place, before, changes, ids), outcome.after, users))
            version = version_of(before) if self._versions else ""
            self._link.patch(place.kind, place.id, operations, version=version)
            there = self._link.get(place.kind, place.id)
        except Changed as error:
            return [_said(change, ChangeState.STALE, "connectors.stale", str(error)) for change in changes]
        except NotFound as error:
            return [_said(change, ChangeState.REJECTED, error.code, str(error.params["detail"])) for change in changes]
        except Rejected as error:
            return [_said(change, ChangeState.REJECTED, error.code, str(error.params["detail"])) for change in changes]
        lost = _others(before, ids) - _others(there, ids) if place.kind == "Groups" else set()
        seen = self._now(place, there, changes, ids)
        return [
            self._confirmed(result, change, seen, outcome.after, collateral=bool(lost))
            for change, result in zip(changes, outcome.results, strict=True)
        ]

    def _now(
        self, place: Place, resource: Resource, changes: Sequence[Change], ids: Mapping[str, str]
    ) -> dict[str, AccountState]:
        """Return the accounts of the changes as far as this one resource tells."""
        if place.kind == "Users":
            return self._states([resource], [])
        entitlement = changes[0].entitlement
        members = {ids[identifier] for identifier in _members(resource) if identifier in ids}
        return {
            change.account: AccountState(
                change.account,
                active=True,
                entitlements=frozenset({entitlement}) if change.account in members else frozenset(),
            )
            for change in changes
        }

    def _operations(
        self,
        place: Place,
        before: Mapping[str, AccountState],
        after: Mapping[str, AccountState],
        users: Mapping[str, list[Resource]],
    ) -> Iterable[Resource]:
        """Return the PATCH operations: members or entitlements out one by one by filter, in all at once."""
        new: list[Resource] = []
        attribute = "members" if place.kind == "Groups" else "entitlements"
        for account, state in after.items():
            identifier = str(users[account][0]["id"])
            for item in sorted(before[account].entitlements - state.entitlements):
                value = identifier if place.kind == "Groups" else item
                yield {"op": "remove", "path": f"{attribute}[value eq {quoted(value)}]"}
            granted = sorted(state.entitlements - before[account].entitlements)
            new += [{"value": identifier if place.kind == "Groups" else item} for item in granted]
            if state.active != before[account].active:
                yield {"op": "replace", "path": "active", "value": state.active}
        if new:
            yield {"op": "add", "path": attribute, "value": new}

    def _confirmed(
        self,
        result: ChangeResult,
        change: Change,
        seen: Mapping[str, AccountState],
        wanted: Mapping[str, AccountState],
        *,
        collateral: bool,
    ) -> ChangeResult:
        """Believe the service only as far as the second read bears it out."""
        if collateral:
            return replace(result, state=ChangeState.UNKNOWN, code="connectors.collateral")
        if result.state is not ChangeState.APPLIED:
            return result
        account = seen.get(change.account)
        target = wanted.get(change.account)
        if account and target and _same(account, target, change):
            return replace(result, version=account.version)
        return replace(result, state=ChangeState.REJECTED, code="connectors.no_effect", detail=change.account)

    def _states(self, users: Iterable[Resource], groups: Iterable[Resource]) -> dict[str, AccountState]:
        """Put users and groups together, by account key; users without the key are not accounts of ours."""
        held: dict[str, set[str]] = defaultdict(set)
        for group in groups:
            for identifier in _members(group):
                held[identifier].add(str(group.get(self._group_key, "")))
        states: dict[str, AccountState] = {}
        for user in users:
            account = user.get(self._key)
            if not isinstance(account, str) or not account:
                continue
            own = (
                held[str(user["id"])]
                if self._by_groups
                else {str(item.get("value", "")) for item in items(user.get("entitlements"))}
            )
            version = version_of(user) if self._versions and not self._by_groups else ""
            active = truth(user.get("active"), default=True)
            other = states.get(account)
            if other is not None:
                active, own = active or other.active, own | other.entitlements
            states[account] = AccountState(account, active, frozenset(own), version)
        return states

    def _users(self, accounts: Iterable[str]) -> dict[str, list[Resource]]:
        """Return the users of some accounts: a few are asked for one by one, many by reading all."""
        wanted = set(accounts)
        if len(wanted) > ASKED_ONE_BY_ONE:
            return _keyed(self._whole("Users"), self._key, wanted)
        found = [
            user for account in sorted(wanted) for user in self._whole("Users", f"{self._key} eq {quoted(account)}")
        ]
        return _keyed(found, self._key, wanted)

    def _groups(self, entitlements: Iterable[str]) -> dict[str, list[Resource]]:
        wanted = set(entitlements)
        if not wanted or not self._by_groups:
            return {}
        return _keyed(self._whole("Groups", without="members"), self._group_key, wanted)

    def _whole(self, kind: str, wanted: str = "", without: str = "") -> list[Resource]:
        """Return all resources of a kind; a part of them is no answer."""
        found, complete = self._link.all(kind, wanted=wanted, without=without)
        if not complete:
            raise Rejected("connectors.rejected", {"system": self._system, "detail": f"{kind}: pages missing"})
        return found


def open_target(system: System, *, home: Path) -> ScimConnector:  # noqa: ARG001  a service keeps nothing in the home
    """Ask the service what it can do.

    Raises:
        BadSettings: a setting is missing or does not fit.
        Unreachable: the service does not answer.
        Rejected: it refuses our token.
    """
    return ScimConnector(Settings(system.id, system.settings))


def _members(group: Resource) -> set[str]:
    return {str(member.get("value", "")) for member in items(group.get("members"))}


def _others(group: Resource, ids: Mapping[str, str]) -> set[str]:
    """Return the members that the batch is not about: a change must leave them."""
    return {identifier for identifier in _members(group) if identifier not in ids}


def _said(change: Change, state: ChangeState, code: str, detail: str) -> ChangeResult:
    return ChangeResult(change.operation_id, state, code, detail)


def _keyed(found: Iterable[Resource], key: str, wanted: set[str]) -> dict[str, list[Resource]]:
    keyed: dict[str, list[Resource]] = defaultdict(list)
    for resource in found:
        if resource.get(key) in wanted:
            keyed[str(resource[key])].append(resource)
    return dict(keyed)


def _same(seen: AccountState, wanted: AccountState, change: Change) -> bool:
    """Tell whether what the change is about stands as it should; the rest of the account is not its matter."""
    if change.action in MEMBERSHIPS:
        return (change.entitlement in seen.entitlements) == (change.entitlement in wanted.entitlements)
    return seen.active == wanted.active
