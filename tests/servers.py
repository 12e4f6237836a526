"""Real servers for tests: slapd, PostgreSQL 15 and scim2-server, each on a free loopback port, ended by its pid.

They are context managers; the fixtures that hold them are where they are used. A port is tried before a
server is started on it: a stale server there would answer for ours with old content.
"""

import base64
import json
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SUFFIX = "dc=example,dc=jp"
ADMIN = f"cn=admin,{SUFFIX}"
PASSWORD = "secret-of-a-test"
PEOPLE = f"ou=people,{SUFFIX}"
GROUPS = f"ou=groups,{SUFFIX}"
MODULES = Path("/usr/lib/ldap")
PG_BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql/bin"))


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], what: str, *, tries: int = 600) -> None:
    """Ask until the server answers; fail at once when its process ends."""
    for _ in range(tries):
        if ready():
            return
        try:
            code = process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        raise RuntimeError(f"{what} ended with {code} before it answered")
    raise RuntimeError(f"{what} does not answer")


def listening(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) == 0


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# OpenLDAP


@dataclass(frozen=True)
class Directory:
    """A running slapd. `settings` are those of an `ldap` system in access.toml."""

    url: str
    port: int
    pid: int
    folder: Path

    def settings(self, url: str | None = None, *, transactions: bool = False) -> dict[str, object]:
        """Return the settings; `url` names another way in, such as a proxy."""
        return {
            "transactions": transactions,
            "url": url or self.url,
            "bind_dn": ADMIN,
            "password_file": str(self.folder / "password"),
            "people_base": PEOPLE,
            "groups_base": GROUPS,
            "key": "uid",
            "group_class": "groupOfNames",
            "member": "member",
        }


@contextmanager
def stopped(directory: Directory) -> Iterator[None]:
    """Freeze slapd: it keeps its connections and answers nobody."""
    os.kill(directory.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(directory.pid, signal.SIGCONT)


CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
pidfile {folder}/slapd.pid
modulepath {modules}
moduleload back_mdb
moduleload memberof
moduleload ppolicy
sizelimit 500
threads {threads}
database mdb
maxsize 1073741824
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory {folder}/db
index objectClass eq
index uid,cn,entryUUID eq
index member eq
{sync}
overlay memberof
overlay ppolicy
ppolicy_default "cn=default,ou=policies,{suffix}"
"""


POLICY: dict[str, str | list[str]] = {
    "objectClass": ["device", "pwdPolicy"],
    "cn": "default",
    "pwdAttribute": "userPassword",
    "pwdLockout": "TRUE",
}


@contextmanager
def slapd(content: Iterable[str] = (), *, durable: bool = False, threads: int = 16) -> Iterator[Directory]:
    """Run slapd with the suffix, its branches and the LDIF records of `content`.

    `durable` is slapd's default: every write reaches the disk before its answer. Tests do without. `threads`
    16 is slapd's default too; with more than 2 it dies of RFC 5805 transactions.
    """
    with tempfile.TemporaryDirectory(prefix="sekisho-slapd-") as name:
        folder = Path(name)
        (folder / "db").mkdir()
        (folder / "password").write_text(PASSWORD)
        sync = "" if durable else "dbnosync"
        facts = {"folder": folder, "modules": MODULES, "suffix": SUFFIX, "admin": ADMIN, "password": PASSWORD}
        (folder / "slapd.conf").write_text(CONFIG.format(**facts, sync=sync, threads=threads))
        (folder / "content.ldif").write_text("\n".join([*base_records(), *content]), "utf-8")
        added = ["slapadd", "-q", "-f", str(folder / "slapd.conf"), "-l", str(folder / "content.ldif")]
        subprocess.run(added, check=True, capture_output=True)
        port = free_port()
        command = ["slapd", "-d", "0", "-f", str(folder / "slapd.conf"), "-h", f"ldap://127.0.0.1:{port}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: listening(port), process, "slapd")
            yield Directory(f"ldap://127.0.0.1:{port}", port, process.pid, folder)
        finally:
            end(process)


def record(dn: str, attributes: Mapping[str, str | Sequence[str]]) -> str:
    """Return one LDIF record, everything in base64 so that any value survives."""
    lines = [_line("dn", dn)]
    for name, values in attributes.items():
        lines += [_line(name, value) for value in ([values] if isinstance(values, str) else values)]
    return "\n".join(lines) + "\n"


def _line(name: str, value: str) -> str:
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"


def base_records() -> list[str]:
    return [
        record(SUFFIX, {"objectClass": ["dcObject", "organization"], "dc": "example", "o": "example"}),
        record(PEOPLE, {"objectClass": "organizationalUnit", "ou": "people"}),
        record(GROUPS, {"objectClass": "organizationalUnit", "ou": "groups"}),
        record(f"ou=policies,{SUFFIX}", {"objectClass": "organizationalUnit", "ou": "policies"}),
        record(f"cn=default,ou=policies,{SUFFIX}", POLICY),
    ]


def escaped(value: str) -> str:
    """Return a value as it stands in a DN (RFC 4514), every byte that could matter in hex."""
    plain = set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    return "".join(chr(byte) if byte in plain else f"\\{byte:02x}" for byte in value.encode())


def person_dn(account: str) -> str:
    return f"uid={escaped(account)},{PEOPLE}"


def group_dn(entitlement: str) -> str:
    return f"cn={escaped(entitlement)},{GROUPS}"


def person(account: str, **more: str) -> str:
    """Return the record of a person whose account is `account`."""
    return record(person_dn(account), {"objectClass": "inetOrgPerson", "uid": account, "cn": "X", "sn": "X", **more})


def group(entitlement: str, members: Iterable[str]) -> str:
    """Return the record of a group with these accounts; an empty one gets the usual stand-in."""
    dns = [person_dn(account) for account in members] or ["cn=nobody"]
    return record(group_dn(entitlement), {"objectClass": "groupOfNames", "cn": entitlement, "member": dns})


# PostgreSQL


@contextmanager
def postgres() -> Iterator[str]:
    """Run PostgreSQL 15 and give the URL of an empty database; as root it runs as the user `postgres`."""
    with tempfile.TemporaryDirectory(prefix="sekisho-pg-") as name:
        folder = Path(name)
        prefix: list[str] = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        initdb = [str(PG_BIN / "initdb"), "-D", f"{folder}/data", "-A", "trust", "-U", "app", "-E", "UTF8"]
        subprocess.run([*prefix, *initdb, "--locale=C.UTF-8", "--no-sync"], check=True, capture_output=True, cwd="/")
        port = free_port()
        options = {"listen_addresses": "127.0.0.1", "fsync": "off", "unix_socket_directories": str(folder)}
        command = [*prefix, str(PG_BIN / "postgres"), "-D", f"{folder}/data", "-p", str(port)]
        command += [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        asked = [str(PG_BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        try:
            wait_until(lambda: subprocess.run(asked, check=False).returncode == 0, process, "PostgreSQL")
            yield f"postgresql://app@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # fast shutdown: sessions are ended
            end(process)


# SCIM


@contextmanager
def scim() -> Iterator[str]:
    """Run scim2-server with an empty store and give its base URL."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("scim2-server")), "--hostname", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listening(port), process, "scim2-server")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/ServiceProviderConfig") as answer:
            answer.read()
        yield f"http://127.0.0.1:{port}/v2"
    finally:
        end(process)


@contextmanager
def openid_provider(users: Mapping[str, str]) -> Iterator[str]:
    """Run a real OpenID provider that knows users by subject and name; yield its URL."""
    port = free_port()
    known = [
        word
        for sub, name in users.items()
        for word in ("--user-claims", json.dumps({"sub": sub, "preferred_username": name}))
    ]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *known],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: listening(port), process, "the OpenID provider")
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)
