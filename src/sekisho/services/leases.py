"""Who carries a cutover out just now: a lease in the Cutover row, taken and kept by compare-and-swap.

One cutover runs at a time in an installation: two plans that ran side by side could each see the other
side of the wall empty and both grant (law 1). A lease ends by being given back, by the death of its process,
which is seen at once on the same host, or on another host by running out: a living process that waits long
for a slow target is still at work.
"""

import os
import secrets
import socket
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Q

from sekisho.core.errors import SekishoError
from sekisho.store.models import Cutover

LEASE_SECONDS = 60


class Running(SekishoError):
    """Another process is carrying a cutover out."""


class LeaseLost(SekishoError):
    """The lease ran out and someone else took it; what was under way is theirs to re-read."""

    exit_status = 3


def alone() -> None:
    """Keep a second taker out until the caller's transaction ends; SQLite's write lock does so already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE store_cutover IN SHARE ROW EXCLUSIVE MODE")


def take(cutover_id: int, *, now: datetime) -> str:
    """Take the lease inside the caller's transaction, after `alone`, and return the owner's mark.

    Raises:
        Running: a living process holds this or another cutover.
    """
    for other in Cutover.objects.exclude(lease_owner="").filter(finished_at=None):
        held = other.lease_until is not None and other.lease_until > now
        if _lives(other.lease_owner) or (held and not _dead(other.lease_owner)):
            until = other.lease_until.isoformat() if other.lease_until else "-"
            raise Running("cutover.running", {"until": until, "owner": other.lease_owner})
    owner = mark()
    Cutover.objects.filter(~Q(pk=cutover_id)).exclude(lease_owner="").update(lease_owner="", lease_until=None)
    Cutover.objects.filter(pk=cutover_id).update(lease_owner=owner, lease_until=_until(now))
    return owner


def keep(cutover_id: int, owner: str, *, now: datetime) -> None:
    """Renew the lease inside the caller's transaction.

    Raises:
        LeaseLost: it is no longer ours, so nothing more may be sent or recorded.
    """
    mine = Cutover.objects.filter(pk=cutover_id, lease_owner=owner)
    if not mine.update(lease_until=_until(now)):
        raise LeaseLost("cutover.lease_lost")


def give_back(cutover_id: int, owner: str) -> None:
    """Let the lease go, if it is still ours."""
    with transaction.atomic():
        Cutover.objects.filter(pk=cutover_id, lease_owner=owner).update(lease_owner="", lease_until=None)


def keep_mine(*, now: datetime) -> None:
    """Renew what this process holds, from beside the run: one call to a slow target may outlast the lease."""
    mine = Cutover.objects.filter(lease_owner__startswith=f"{_process(os.getpid())}:", finished_at=None)
    mine.update(lease_until=_until(now))


def mark() -> str:
    """Return a new mark of this process, by which another can tell whether it lives."""
    return f"{_process(os.getpid())}:{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """Tell whether the process behind a mark is surely dead; of another host nobody can tell."""
    return _dead(owner)


def lives(owner: str) -> bool:
    """Tell whether the process behind a mark is surely alive and another than this one."""
    return _lives(owner)


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=LEASE_SECONDS)


def _process(pid: int) -> str:
    """Return a mark that no other process bears: host, process namespace, pid, start in clock ticks."""
    return f"{socket.gethostname()[:40]}:{_namespace()}:{pid}:{_started(pid)}"


def _dead(owner: str) -> bool:
    """Tell whether the owner is surely dead: on this host, and gone or another process by now."""
    host, namespace, pid, started, _ = owner.split(":")
    if (host, namespace) != (socket.gethostname()[:40], _namespace()) or not namespace:
        return False
    return _started(int(pid)) != started


def _lives(owner: str) -> bool:
    """Tell whether the owner is surely alive: seen on this host, and another process than this one."""
    host, namespace, pid, started, _ = owner.split(":")
    here = bool(namespace and started) and (host, namespace) == (socket.gethostname()[:40], _namespace())
    return here and int(pid) != os.getpid() and _started(int(pid)) == started


def _namespace() -> str:
    """Return the number of the process namespace; "" where the system has no such thing."""
    link = Path("/proc/self/ns/pid")
    return str(link.stat().st_ino) if link.exists() else ""


def _started(pid: int) -> str:
    """Return the process's start time in ticks since boot (proc(5), field 22); "" for none or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
