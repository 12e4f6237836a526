"""A directory: accounts are people's entries, entitlements are groups. OpenLDAP measured; any LDAPv3 meant.

A batch becomes one MODIFY a group with all its members; each happens whole or not at all. With the setting
`transactions` all of a batch is one RFC 5805 transaction, where the directory has them; it is no default
because slapd was seen to die of them (`ldap_transactions`). A batch is sent at first as if every change
were due; what is there already makes the directory refuse, and only then are the groups read and the batch
cut to what is missing. So the usual batch costs no read of a group of thousands. Entries and their meaning
are in `ldap_entries`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TypeVar

from sekisho.connectors.ldap_entries import Layout, keyed, layout_of, membership, portions, states, switch
from sekisho.connectors.ldap_link import Answer, Conflict, Entry, Link, Modify
from sekisho.connectors.outcomes import judge
from sekisho.connectors.protocol import (
    Capabilities,
    Change,
    ChangeResult,
    ChangeState,
    NotFound,
    Precondition,
    Rejected,
    Unreachable,
)
from sekisho.connectors.readings import reading
from sekisho.connectors.settings import Settings
from sekisho.core.access import AccountState, Reading, System
from sekisho.core.kinds import Action

BATCH_SIZE = 2000
NAMES_SECONDS = 60
T = TypeVar("T")
MEMBERSHIPS = frozenset({Action.GRANT, Action.REVOKE})


@dataclass(frozen=True, slots=True)
class Found:
    """The entries a batch is about: people by account, groups by entitlement."""

    people: dict[str, list[Entry]]
    groups: dict[str, list[Entry]]


class LdapConnector:
    """One directory, opened for one use; after Unreachable it connects anew at the next call."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._link: Link | None = Link(settings)
        try:
            can_lock = "active" not in settings.values and self._link.locks_accounts()
            self._layout = layout_of(settings, can_lock=can_lock)
            self._find_bases(self._link)
        except BaseException:
            self.close()
            raise
        self._names = Found({}, {})
        self._named_at = monotonic()
        self.capabilities = Capabilities(
            write=True,
            read_back=True,
            precondition=Precondition.VALUE,
            atomic_batch=self._link.transactions,
            group_major=True,
            batch_size=BATCH_SIZE,
            disables_accounts=bool(self._layout.lock),
        )

    def read(self, *, now: datetime) -> Reading:
        layout = self._layout
        people = self._search(layout.people_base, layout.people_filter(), layout.people_attributes)
        groups = self._search(layout.groups_base, layout.groups_filter(), [layout.group_key, layout.member])
        self._names = Found(keyed(people.entries, layout.key), keyed(groups.entries, layout.group_key))
        self._named_at = monotonic()
        accounts = states(layout, self._names.people, self._names.groups)
        complete = people.complete and groups.complete
        return reading(self._settings.system, accounts, now=now, complete=complete)

    def read_accounts(self, accounts: Sequence[str]) -> dict[str, AccountState]:
        """Read some accounts, and of the groups only those that have one of them."""
        layout = self._layout
        people = self._people(accounts, layout.people_attributes)
        values = {layout.value_of(account, entry) for account, entries in people.items() for entry in entries}
        filters = [layout.having_filter(some) for some in portions(values)]
        found = self._each(layout.groups_base, filters, [layout.group_key, layout.member])
        groups = {entry[0]: entry for entry in found}
        return states(layout, people, keyed(groups.values(), layout.group_key))

    def apply(self, changes: Sequence[Change], *, now: datetime) -> list[ChangeResult]:
        found = self._named(changes)
        refused = {place: result for place, change in enumerate(changes) if (result := self._refusal(change, found))}
        possible = [change for place, change in enumerate(changes) if place not in refused]
        done = iter(self._tried(possible, found))
        return [refused[place] if place in refused else next(done) for place in range(len(changes))]

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _named(self, changes: Sequence[Change]) -> Found:
        """Return the entries that the changes name, looked up now or, at most `NAMES_SECONDS` ago, before.

        An entry that moves in between is named as it was: a revocation then contradicts and is looked up
        anew, a grant reaches nobody and is seen as missing when the directory is read back.
        """
        people, groups = self._names.people, self._names.groups
        if monotonic() - self._named_at > NAMES_SECONDS:
            people.clear()
            groups.clear()
            self._named_at = monotonic()
        accounts = {change.account for change in changes} - people.keys()
        people |= self._people(accounts, [self._layout.key])
        entitlements = {change.entitlement for change in changes if change.action in MEMBERSHIPS}
        groups |= self._groups(entitlements - groups.keys(), [])
        return self._names

    def _refusal(self, change: Change, found: Found) -> ChangeResult | None:
        """Return why a change cannot even be tried, or None."""
        code = ""
        if change.action not in MEMBERSHIPS and not self._layout.lock:
            code = "connectors.not_supported"
        elif change.account not in found.people:
            code = "connectors.no_account"
        elif change.action in MEMBERSHIPS and change.entitlement not in found.groups:
            code = "connectors.no_entitlement"
        elif len(found.people[change.account]) > 1 or len(found.groups.get(change.entitlement, [])) > 1:
            code = "connectors.ambiguous"
        return ChangeResult(change.operation_id, ChangeState.REJECTED, code, change.account) if code else None

    def _tried(self, changes: Sequence[Change], found: Found) -> list[ChangeResult]:
        """Send the changes as if all were due; where the directory contradicts, look first."""
        if len({_subject(change) for change in changes}) < len(changes):
            return self._looked(changes, found)
        parts = _by_entry(changes)
        outcomes = self._sent([_modify(self._layout, part, found, known=False) for part in parts])
        results: dict[tuple[str, str], ChangeResult] = {}
        contradicted: list[Change] = []
        for part, said in zip(parts, outcomes, strict=True):
            if isinstance(said, Conflict):
                contradicted += part
            else:
                results |= {_subject(change): _result(change, said) for change in part}
        looked = self._looked(contradicted, found)
        results |= {_subject(change): result for change, result in zip(contradicted, looked, strict=True)}
        return [results[_subject(change)] for change in changes]

    def _looked(self, changes: Sequence[Change], found: Found) -> list[ChangeResult]:
        """Read what the changes are about, and send what is missing.

        Raises:
            Rejected: even so the directory contradicts, and nothing of the batch happened.
        """
        layout = self._layout
        now = Found(
            self._people({change.account for change in changes}, layout.people_attributes),
            found.groups | self._groups({change.entitlement for change in changes}, [layout.member]),
        )
        before = states(layout, now.people, now.groups)
        outcome = judge(changes, before)
        parts = _by_entry(_difference(before, outcome.after))
        outcomes = self._sent([_modify(layout, part, now, known=True) for part in parts])
        failed = {_place(part[0]): said for part, said in zip(parts, outcomes, strict=True) if said is not None}
        if failed and self.capabilities.atomic_batch:
            said = next(iter(failed.values()))
            raise Rejected("connectors.rejected", {"system": self._settings.system, "detail": str(said)}) from said
        return [
            _result(change, failed[_place(change)])
            if result.state is ChangeState.APPLIED and _place(change) in failed
            else result
            for change, result in zip(changes, outcome.results, strict=True)
        ]

    def _sent(self, modifies: Sequence[Modify]) -> Sequence[Conflict | Rejected | None]:
        """Send one batch, together where the directory can; a contradiction then is everybody's."""
        if not modifies:
            return []
        if not self.capabilities.atomic_batch:
            return self._linked(lambda link: link.change_each(modifies))
        try:
            self._linked(lambda link: link.change_together(modifies))
        except Conflict as conflict:
            return [conflict] * len(modifies)
        return [None] * len(modifies)

    def _people(self, accounts: Collection[str], attributes: list[str]) -> dict[str, list[Entry]]:
        layout = self._layout
        filters = [layout.people_filter(some) for some in portions(accounts)]
        return keyed(self._each(layout.people_base, filters, attributes), layout.key, frozenset(accounts))

    def _groups(self, entitlements: Collection[str], attributes: list[str]) -> dict[str, list[Entry]]:
        layout = self._layout
        filters = [layout.groups_filter(some) for some in portions(entitlements)]
        found = self._each(layout.groups_base, filters, [layout.group_key, *attributes])
        return keyed(found, layout.group_key, frozenset(entitlements))

    def _each(self, base: str, filters: list[str], attributes: list[str]) -> list[Entry]:
        """Search for a few entries by many filters; an answer with a part missing is no answer."""
        found = self._found(base, lambda link: link.search_each(base, filters, attributes))
        if not found.complete:
            facts = {"system": self._settings.system, "detail": f"referral below {base}"}
            raise Rejected("connectors.rejected", facts)
        return found.entries

    def _search(self, base: str, wanted: str, attributes: list[str]) -> Answer:
        return self._found(base, lambda link: link.search(base, wanted, attributes))

    def _found(self, base: str, work: Callable[[Link], Answer]) -> Answer:
        try:
            return self._linked(work)
        except Conflict as error:
            raise NotFound("connectors.not_found", {"system": self._settings.system, "detail": base}) from error

    def _linked(self, work: Callable[[Link], T]) -> T:
        """Do something on the connection; a lost one is dropped, so that the next call makes another."""
        if self._link is None:
            self._link = Link(self._settings)
        try:
            return work(self._link)
        except Unreachable:
            self.close()
            raise

    def _find_bases(self, link: Link) -> None:
        for base in (self._layout.people_base, self._layout.groups_base):
            if not link.exists(base):
                raise NotFound("connectors.not_found", {"system": self._settings.system, "detail": base})


def open_target(system: System, *, home: Path) -> LdapConnector:  # noqa: ARG001  a directory keeps nothing in the home
    """Connect to the directory and see what it can do.

    Raises:
        BadSettings: a setting is missing or does not fit.
        Unreachable: the directory does not answer.
        Rejected: it refuses our bind, or has no such base.
    """
    return LdapConnector(Settings(system.id, system.settings))


def _subject(change: Change) -> tuple[str, str]:
    """Return what a change is about; two changes about the same thing need an order."""
    return change.account, change.entitlement if change.action in MEMBERSHIPS else ""


def _place(change: Change) -> tuple[str, str]:
    """Return the entry a change is written to."""
    return ("group", change.entitlement) if change.action in MEMBERSHIPS else ("person", change.account)


def _by_entry(changes: Iterable[Change]) -> list[list[Change]]:
    """Return the changes group by group and person by person, in the order of their first."""
    parts: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        parts.setdefault(_place(change), []).append(change)
    return list(parts.values())


def _modify(layout: Layout, part: Sequence[Change], found: Found, *, known: bool) -> Modify:
    """Return the one MODIFY that makes all changes of one entry."""
    first = part[0]
    if first.action not in MEMBERSHIPS:
        return switch(layout, found.people[first.account][0], active=first.action is Action.ENABLE)
    values: dict[Action, list[bytes]] = {Action.REVOKE: [], Action.GRANT: []}
    for change in part:
        values[change.action].append(layout.value_of(change.account, found.people[change.account][0]).encode())
    group = found.groups[first.entitlement][0]
    return membership(layout, group, values[Action.REVOKE], values[Action.GRANT], known=known)


def _difference(before: Mapping[str, AccountState], after: Mapping[str, AccountState]) -> Iterator[Change]:
    for account, state in after.items():
        for entitlement in sorted(before[account].entitlements - state.entitlements):
            yield Change("", account, Action.REVOKE, entitlement)
        for entitlement in sorted(state.entitlements - before[account].entitlements):
            yield Change("", account, Action.GRANT, entitlement)
        if state.active != before[account].active:
            yield Change("", account, Action.ENABLE if state.active else Action.DISABLE, "")


def _result(change: Change, said: Conflict | Rejected | None) -> ChangeResult:
    match said:
        case None:
            return ChangeResult(change.operation_id, ChangeState.APPLIED)
        case Conflict():
            return ChangeResult(change.operation_id, ChangeState.STALE, "connectors.stale", str(said))
        case Rejected():
            return ChangeResult(change.operation_id, ChangeState.REJECTED, said.code, str(said.params["detail"]))
