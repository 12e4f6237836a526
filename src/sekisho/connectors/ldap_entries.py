"""What entries of a directory mean: which is whose account, who is in which group. Pure, no connection.

An entitlement is a group, an account is a person's entry; both go by an attribute's value, never by a DN
put together here, because entries move and DNs have many spellings.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import ldap
import ldap.dn
import ldap.filter

from sekisho.connectors.ldap_link import Entry, Modify
from sekisho.connectors.settings import Settings
from sekisho.core.access import AccountState

LOCK_ATTRIBUTE = "pwdAccountLockedTime"
LOCKED_FOR_GOOD = "000001010000Z"
ASKED_AT_ONCE = 40
NEEDS_A_MEMBER = frozenset({"groupofnames", "groupofuniquenames"})


@dataclass(frozen=True, slots=True)
class Layout:
    """How the directory keeps accounts and groups.

    `lock` "": accounts cannot be disabled. `unlocked` "": an enabled account has no `lock` attribute.
    `by_key`: members are account keys (memberUid), not DNs. `placeholder`: the member that stays in a
    group whose class demands one; "" where a group may be empty.
    """

    people_base: str
    groups_base: str
    key: str
    group_class: str
    group_key: str
    member: str
    by_key: bool
    placeholder: str
    lock: str
    locked: str
    unlocked: str

    def people_filter(self, accounts: Sequence[str] | None = None) -> str:
        return _filter(self.key, accounts)

    def groups_filter(self, entitlements: Sequence[str] | None = None) -> str:
        of_class = f"(objectClass={ldap.filter.escape_filter_chars(self.group_class)})"
        return f"(&{of_class}{_filter(self.group_key, entitlements)})"

    def having_filter(self, values: Sequence[str]) -> str:
        """Return the filter of the groups that have one of these members."""
        return f"(&{self.groups_filter()}{_filter(self.member, values)})"

    def value_of(self, account: str, entry: Entry) -> str:
        """Return how a group names this account."""
        return account if self.by_key else entry[0]

    @property
    def people_attributes(self) -> list[str]:
        return [self.key, self.lock] if self.lock else [self.key]

    def is_active(self, entry: Entry) -> bool:
        """Tell whether the account is enabled; only the very value that we would set counts as disabled."""
        return not self.lock or self.locked.encode() not in entry[1].get(self.lock, [])


def layout_of(settings: Settings, *, can_lock: bool) -> Layout:
    """Read the layout from the settings; `can_lock`: the directory knows the password policy's lock.

    Raises: BadSettings.
    """
    group_class = settings.text("group_class", "groupOfNames")
    member = settings.text(settings.spelled("member", "member_attribute"), "member")
    lock, locked, unlocked = (LOCK_ATTRIBUTE, LOCKED_FOR_GOOD, "") if can_lock else ("", "", "")
    if "active" in settings.values:
        flag = settings.table("active")
        lock, locked, unlocked = flag.text("attribute"), flag.text("off"), flag.text("on", "")
    return Layout(
        people_base=settings.text("people_base"),
        groups_base=settings.text("groups_base"),
        key=settings.text(settings.spelled("key", "key_attribute"), "uid"),
        group_class=group_class,
        group_key=settings.text("group_key", "cn"),
        member=member,
        by_key=member.lower() == "memberuid",
        placeholder=settings.text("placeholder", "cn=nobody") if group_class.lower() in NEEDS_A_MEMBER else "",
        lock=lock,
        locked=locked,
        unlocked=unlocked,
    )


def _filter(attribute: str, values: Sequence[str] | None) -> str:
    if values is None:
        return f"({attribute}=*)"
    each = "".join(f"({attribute}={ldap.filter.escape_filter_chars(value)})" for value in values)
    return f"(|{each})"


def portions(values: Collection[str]) -> Iterable[list[str]]:
    """Return the values in sorted portions, each small enough for one filter."""
    ordered = sorted(value for value in values if value)
    return (ordered[start : start + ASKED_AT_ONCE] for start in range(0, len(ordered), ASKED_AT_ONCE))


def keyed(entries: Iterable[Entry], attribute: str, wanted: Collection[str] | None = None) -> dict[str, list[Entry]]:
    """Return the entries by the value of an attribute: the first, or whichever was wanted.

    Values are compared exactly, whatever the directory finds equal. Two entries of one value are both
    there: that value is ambiguous and must not be written to.
    """
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        values = [value.decode("utf-8", "backslashreplace") for value in entry[1].get(attribute, [])]
        named = values[:1] if wanted is None else [value for value in values if value in wanted]
        for value in named:
            found.setdefault(value, []).append(entry)
    return found


def states(
    layout: Layout, people: Mapping[str, list[Entry]], groups: Mapping[str, list[Entry]]
) -> dict[str, AccountState]:
    """Put people and groups together. Of an ambiguous account everything that any of its entries has is shown."""
    held = _held(layout, people, groups)
    none: set[str] = set()
    return {
        account: AccountState(
            account,
            active=any(layout.is_active(entry) for entry in entries),
            entitlements=frozenset(held.get(account, none)),
        )
        for account, entries in people.items()
    }


def _held(layout: Layout, people: Mapping[str, list[Entry]], groups: Mapping[str, list[Entry]]) -> dict[str, set[str]]:
    owner = _owners(layout, people)
    plain: dict[bytes, str] = {}
    held: dict[str, set[str]] = {}
    for entitlement, entries in groups.items():
        for _, content in entries:
            for value in content.get(layout.member, []):
                account = owner.get(value)
                if account is None and not layout.by_key:
                    plain = plain or {normal(dn): name for dn, name in owner.items()}
                    account = plain.get(normal(value))
                if account is not None:
                    held.setdefault(account, set()).add(entitlement)
    return held


def _owners(layout: Layout, people: Mapping[str, list[Entry]]) -> dict[bytes, str]:
    """Return whose each member value is."""
    if layout.by_key:
        return {account.encode(): account for account in people}
    return {dn.encode(): account for account, entries in people.items() for dn, _ in entries}


@lru_cache(maxsize=100_000)
def normal(dn: bytes) -> bytes:
    """Return one spelling for the DNs that differ only in case, spaces and escapes; a member is in many groups."""
    try:
        parts = ldap.dn.str2dn(dn.decode())
    except (ldap.DECODING_ERROR, UnicodeDecodeError):
        return dn
    return repr(
        [[(name.lower(), " ".join(value.split()).casefold()) for name, value, _ in rdn] for rdn in parts]
    ).encode()


def membership(layout: Layout, group: Entry, gone: Sequence[bytes], new: Sequence[bytes], *, known: bool) -> Modify:
    """Return the one MODIFY that takes `gone` out of a group and puts `new` in.

    `known`: the group's members have been read, so that the last one can be followed by the placeholder.
    """
    modifications: list[tuple[int, str, list[bytes] | None]] = []
    added = list(new)
    if known and layout.placeholder and not new and len(group[1].get(layout.member, [])) == len(gone):
        added = [layout.placeholder.encode()]
    if added:
        modifications.append((ldap.MOD_ADD, layout.member, added))
    if gone:
        modifications.append((ldap.MOD_DELETE, layout.member, list(gone)))
    return Modify(group[0], modifications)


def switch(layout: Layout, person: Entry, *, active: bool) -> Modify:
    """Return the MODIFY that enables or disables, asserted to find the account in the other state."""
    is_locked = f"({layout.lock}={ldap.filter.escape_filter_chars(layout.locked)})"
    if active and layout.unlocked:
        return Modify(person[0], [(ldap.MOD_REPLACE, layout.lock, [layout.unlocked.encode()])], is_locked)
    if active:
        return Modify(person[0], [(ldap.MOD_DELETE, layout.lock, None)], is_locked)
    return Modify(person[0], [(ldap.MOD_REPLACE, layout.lock, [layout.locked.encode()])], f"(!{is_locked})")
