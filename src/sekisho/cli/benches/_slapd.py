"""A slapd of the benches' own: a scratch folder, a free loopback port, durable as slapd is by default.

Not here: the directory of a company. Where slapd or python-ldap is missing, `why_not` says so.
"""

import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

SUFFIX = "dc=example,dc=jp"
ADMIN = f"cn=admin,{SUFFIX}"
PASSWORD = "of-one-bench"  # noqa: S105 - lives as long as the scratch slapd
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
PLACES = "/usr/sbin:/usr/local/sbin:/usr/local/libexec:/usr/libexec:/sbin:/usr/bin:/usr/local/bin"
_SCHEMAS, _MODULES = Path("/etc/ldap/schema"), Path("/usr/lib/ldap")
_CONFIG = """\
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
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
"""
_BRANCHES = f"""\
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: example
o: example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups
"""


def why_not() -> str:
    """Return what is missing for a slapd with our configuration, or ""."""
    if shutil.which("slapd", path=PLACES) is None or shutil.which("slapadd", path=PLACES) is None:
        return "slapd is missing"
    if not (_SCHEMAS / "inetorgperson.schema").exists() or not (_MODULES / "back_mdb.la").exists():
        return f"slapd's schemas or modules are not in {_SCHEMAS} and {_MODULES}"
    return "" if find_spec("ldap") is not None else "python-ldap is missing"


def person_dn(account: str) -> str:
    """Return the name of a person's entry."""
    return f"uid={account},{PEOPLE}"


def group_dn(entitlement: str) -> str:
    """Return the name of a group's entry."""
    return f"cn={entitlement},{GROUPS}"


def settings(url: str, folder: Path, *, transactions: bool) -> str:
    """Return the lines of access.toml that reach the directory in `folder`."""
    return f"""\
url = "{url}"
bind_dn = "{ADMIN}"
password_file = "{folder / "password"}"
people_base = "{PEOPLE}"
groups_base = "{GROUPS}"
key = "uid"
group_class = "groupOfNames"
member = "member"
transactions = {str(transactions).lower()}
"""


@contextmanager
def running(folder: Path, people: Iterable[str], groups: Mapping[str, Iterable[str]], *, threads: int) -> Iterator[str]:
    """Run slapd with these accounts and groups until the block ends; give its URL."""
    (folder / "db").mkdir(parents=True)
    (folder / "password").write_text(PASSWORD)
    facts = {"schemas": _SCHEMAS, "modules": _MODULES, "suffix": SUFFIX, "admin": ADMIN, "password": PASSWORD}
    (folder / "slapd.conf").write_text(_CONFIG.format(**facts, folder=folder, threads=threads))
    (folder / "content.ldif").write_text(_BRANCHES + "".join(_records(people, groups)), "utf-8")
    config = ["-f", str(folder / "slapd.conf")]
    slapadd, slapd = (str(shutil.which(name, path=PLACES)) for name in ("slapadd", "slapd"))
    subprocess.run([slapadd, "-q", *config, "-l", str(folder / "content.ldif")], check=True, capture_output=True)  # noqa: S603 - slapd's own
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port = tried.getsockname()[1]
    url = f"ldap://127.0.0.1:{port}"
    command = [slapd, "-d", "0", *config, "-h", url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - as above
    try:
        _wait(process, port)
        yield url
    finally:
        process.terminate()
        process.wait()


def _records(people: Iterable[str], groups: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for account in people:
        yield f"\ndn: {person_dn(account)}\nobjectClass: inetOrgPerson\nuid: {account}\ncn: X\nsn: X\n"
    for name, members in groups.items():
        listed = "".join(f"member: {person_dn(account)}\n" for account in members)
        yield f"\ndn: {group_dn(name)}\nobjectClass: groupOfNames\ncn: {name}\n{listed}"


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return once it answers. Raises: RuntimeError where its process ended, or after half a minute."""
    for _ in range(300):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            raise RuntimeError(f"slapd ended with {process.wait(timeout=0.1)}")
        except subprocess.TimeoutExpired:
            continue
    raise RuntimeError("slapd does not answer")
