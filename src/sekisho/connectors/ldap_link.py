"""One LDAP connection: binding, paged searches, pipelined changes, transactions where the directory has them.

Here: the protocol, and python-ldap's errors in our words. What the entries mean is `ldap`'s matter.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import ldap
import ldap.ldapobject
from ldap.controls import RequestControl, SimplePagedResultsControl
from ldap.controls.libldap import AssertionControl

from sekisho.connectors import ldap_transactions
from sekisho.connectors.protocol import Rejected, Unreachable
from sekisho.connectors.settings import Settings, is_loopback

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
PAGE = 1000
IN_FLIGHT = 200
T = TypeVar("T")
ASSERTION = "1.3.6.1.1.12"
LOST = (ldap.SERVER_DOWN, ldap.TIMEOUT, ldap.CONNECT_ERROR, ldap.UNAVAILABLE, ldap.BUSY, ldap.TIMELIMIT_EXCEEDED)
CUT_SHORT = (ldap.SIZELIMIT_EXCEEDED, ldap.ADMINLIMIT_EXCEEDED, ldap.TIMELIMIT_EXCEEDED)
Attributes = dict[str, list[bytes]]
Entry = tuple[str, Attributes]


@dataclass(frozen=True, slots=True)
class Modify:
    """One MODIFY: its entry, python-ldap's list of modifications, and what must be true of the entry before it."""

    dn: str
    modifications: list[tuple[int, str, list[bytes] | None]]
    assertion: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The entries of a search. `complete` False: the directory cut the answer short."""

    entries: list[Entry]
    complete: bool


class Conflict(Exception):
    """The directory says that what a change takes away is not there, or what it adds already is.

    Nothing of a transaction happened. Whoever catches it reads the entries and decides anew.
    """


CONFLICTS = (
    ldap.NO_SUCH_ATTRIBUTE,
    ldap.TYPE_OR_VALUE_EXISTS,
    ldap.ASSERTION_FAILED,
    ldap.OBJECT_CLASS_VIOLATION,
    ldap.NO_SUCH_OBJECT,
)


class Link:
    """An open, bound connection. After Unreachable it is gone: make another."""

    def __init__(self, settings: Settings) -> None:
        self.system = settings.system
        _refuse_bare_password(settings)
        self._patience = settings.number("timeout_seconds", ANSWER_SECONDS)
        with self.translated():
            self._ldap = _opened(settings, self._patience)
            root = self._ldap.read_rootdse_s(attrlist=["supportedExtension", "supportedControl", "namingContexts"])
        self._contexts = [base.decode() for base in root.get("namingContexts", [])]
        extensions, controls = (set(root.get(name, [])) for name in ("supportedExtension", "supportedControl"))
        offered = extensions >= {oid.encode() for oid in (ldap_transactions.START, ldap_transactions.END)}
        self.transactions = offered and settings.flag("transactions")
        self.assertions = ASSERTION.encode() in controls

    def close(self) -> None:
        """Let go, whatever state the connection is in."""
        try:
            self._ldap.unbind_ext()
        except ldap.LDAPError:
            return

    def locks_accounts(self) -> bool:
        """Tell whether the directory heeds the password policy's lock.

        The attribute can be written wherever the schema has it; slapd refuses the bind only where a policy
        says `pwdLockout`.
        """
        wanted = "(&(objectClass=pwdPolicy)(pwdLockout=TRUE))"
        return any(self._has(base, ldap.SCOPE_SUBTREE, wanted) for base in self._contexts)

    def exists(self, dn: str) -> bool:
        return self._has(dn, ldap.SCOPE_BASE, "(objectClass=*)")

    def _has(self, base: str, scope: int, wanted: str) -> bool:
        try:
            with self.translated():
                return any(dn for dn, _ in self._ldap.search_ext_s(base, scope, wanted, ["1.1"]))
        except Conflict:  # the base itself is not there
            return False

    def search(self, base: str, wanted: str, attributes: Sequence[str]) -> Answer:
        """Search a subtree page by page; references to other servers are left out and make it incomplete."""
        entries: list[Entry] = []
        complete = True
        page = SimplePagedResultsControl(criticality=True, size=PAGE, cookie="")
        while True:
            try:
                with self.translated():
                    found, cookie = self._page(base, wanted, attributes, page)
            except CutShort:
                return Answer(entries, complete=False)
            entries += [(dn, content) for dn, content in found if dn]
            complete = complete and all(dn for dn, _ in found)
            if not cookie:
                return Answer(entries, complete)
            page.cookie = cookie

    def search_each(self, base: str, filters: Sequence[str], attributes: Sequence[str]) -> Answer:
        """Send many small searches without waiting in between: a directory answers them side by side."""

        def send(wanted: str) -> int:
            number: int = self._ldap.search_ext(base, ldap.SCOPE_SUBTREE, wanted, list(attributes))
            return number

        entries: list[Entry] = []
        with self.translated():
            for said in self._pipelined(send, filters):
                if isinstance(said, ldap.LDAPError):
                    raise said
                entries += said
        return Answer([entry for entry in entries if entry[0]], complete=all(dn for dn, _ in entries))

    def _page(
        self, base: str, wanted: str, attributes: Sequence[str], page: SimplePagedResultsControl
    ) -> tuple[list[Entry], bytes]:
        number = self._ldap.search_ext(base, ldap.SCOPE_SUBTREE, wanted, list(attributes), serverctrls=[page])
        try:
            _, found, _, controls = self._ldap.result3(number, timeout=self._patience)
        except CUT_SHORT as error:
            raise CutShort from error
        cookies = [control.cookie for control in controls if isinstance(control, SimplePagedResultsControl)]
        return found, cookies[0] if cookies else b""

    def change_together(self, modifies: Sequence[Modify]) -> None:
        """Send all changes in one transaction (RFC 5805): all happen, or none.

        Raises:
            Conflict: an entry is not as the changes assume; nothing happened.
            Rejected: the directory refused one; nothing happened.
            Unreachable: no answer; unknown what happened.
        """
        with self.translated():
            transaction = ldap_transactions.start(self._ldap)
            for said in self._pipelined(lambda modify: self._sent(modify, transaction), modifies):
                if isinstance(said, ldap.LDAPError):
                    ldap_transactions.end(self._ldap, transaction, commit=False)
                    raise said
            ldap_transactions.end(self._ldap, transaction, commit=True)

    def change_each(self, modifies: Sequence[Modify]) -> list[Conflict | Rejected | None]:
        """Send all changes, each for itself, without waiting in between; return what became of each.

        Raises:
            Unreachable: no answer; unknown what happened from there on.
        """
        with self.translated():
            answers = list(self._pipelined(lambda modify: self._sent(modify, None), modifies))
        outcomes: list[Conflict | Rejected | None] = []
        for said in answers:
            try:
                with self.translated():
                    if isinstance(said, ldap.LDAPError):
                        raise said
            except (Conflict, Rejected) as error:
                outcomes.append(error)
            else:
                outcomes.append(None)
        return outcomes

    def _pipelined(self, send: Callable[[T], int], requests: Iterable[T]) -> Iterator["list[Entry] | ldap.LDAPError"]:
        """Yield the answers in order, or the error that one is, with at most `IN_FLIGHT` on the way.

        slapd closes a connection with more pending than its `conn_max_pending_auth`.
        """
        waiting: deque[int] = deque()
        for request in requests:
            if len(waiting) >= IN_FLIGHT:
                yield self._answered(waiting.popleft())
            waiting.append(send(request))
        while waiting:
            yield self._answered(waiting.popleft())

    def _answered(self, number: int) -> "list[Entry] | ldap.LDAPError":
        try:
            entries: list[Entry] = self._ldap.result3(number, timeout=self._patience)[1]
        except LOST:
            raise
        except ldap.LDAPError as error:
            return error
        return entries

    def _sent(self, modify: Modify, transaction: RequestControl | None) -> int:
        controls = [transaction] if transaction else []
        if modify.assertion and self.assertions:
            controls.append(AssertionControl(criticality=True, filterstr=modify.assertion))
        number: int = self._ldap.modify_ext(modify.dn, modify.modifications, serverctrls=controls)
        return number

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn python-ldap's errors into Unreachable, Rejected or Conflict."""
        try:
            yield
        except LOST as error:
            raise Unreachable("connectors.unreachable", {"system": self.system, "detail": _said(error)}) from error
        except CONFLICTS as error:
            raise Conflict(_said(error)) from error
        except ldap.LDAPError as error:
            raise Rejected("connectors.rejected", {"system": self.system, "detail": _said(error)}) from error


class CutShort(Exception):
    """The directory gave only part of an answer."""


def _opened(settings: Settings, patience: int) -> ldap.ldapobject.LDAPObject:
    connection = ldap.initialize(settings.text("url"))
    connection.timeout = patience
    connection.set_option(ldap.OPT_REFERRALS, 0)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, min(CONNECT_SECONDS, patience))
    connection.set_option(ldap.OPT_TIMEOUT, patience)
    if settings.has("ca_file"):
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, settings.text("ca_file"))
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    if settings.flag("start_tls"):
        connection.start_tls_s()
    if settings.has("sasl"):
        connection.sasl_non_interactive_bind_s(settings.text("sasl"))
    else:
        connection.simple_bind_s(settings.text("bind_dn"), settings.secret("password"))
    return connection


def _refuse_bare_password(settings: Settings) -> None:
    """Refuse to send the password unencrypted to another machine, unless the settings accept it."""
    url = urlsplit(settings.text("url"))
    if url.scheme not in {"ldap", "ldaps", "ldapi"}:
        raise settings.bad("url")
    safe = url.scheme != "ldap" or settings.flag("start_tls") or settings.has("sasl") or settings.flag("allow_plain")
    if not safe and not is_loopback(url.hostname or "localhost"):
        raise settings.bad("url", "connectors.unsafe_url")


def _said(error: ldap.LDAPError) -> str:
    """Return the directory's own words: its result and its diagnostic message."""
    said = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    return ": ".join(str(said[part]) for part in ("desc", "info") if said.get(part)) or type(error).__name__
