"""Where each page stands about something of a side, and what its forms send: for the matrix of law 8."""

import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from django.core.files.uploadedfile import SimpleUploadedFile

import administering
import authenticators
import hr_files
import rulerooms
import sides
from sekisho.core.kinds import AFFILIATE, NETWORK, Side
from sekisho.services import passkeys
from sekisho.store import models
from sekisho.web import pages

CASES = tomllib.loads((Path(__file__).parent / "cases/pages.toml").read_text("utf-8"))["page"]
TOKENS = {NETWORK: "NET", AFFILIATE: "AFF"}
WHO = "somebody"
OTHER_USER = "tanaka"
Body = Mapping[str, object]


def address(world: sides.World, name: str, side: Side) -> str:
    """Return the page's address, about something of that side."""
    token = TOKENS[side]
    order = models.Order.objects.filter(status="final", person_id__startswith=f"P{token}").latest("pk")
    file = models.OrderFile.objects.order_by("pk").first()
    entry = models.LedgerEntry.objects.filter(side=side, position__isnull=False).order_by("pk").first()
    parts = {
        "<str:sha256>": _sha256(world),
        "<str:entry>": entry.entry_id if entry else "0",
        "<str:name>": OTHER_USER,
        "<int:upload_id>": str(_upload() if name == "import_waiting" else 0),
        "<int:file_id>": str(file.pk if file else 0),
        "<path:rule>": "desk",
        "<int:job>": str(rulerooms.previewed() if name == "rules_preview_result" else 0),
        "<int:change>": str(rulerooms.proposed() if name == "rules_change" else 0),
        "<str:exception>": world.exceptions[side],
        "<path:order>": quote(order.order_id, safe="/"),
        "<str:person>": f"P{token}2",
        "<str:code>": f"U{token}1",
        "<str:grant>": world.grants[side],
        "<str:company>": sides.COMPANY[side],
        "<str:system>": f"sys{token}",
        "<int:job_id>": str(_replanned()) if "job_id" in pages.PAGES[name].path else "",
    }
    path = pages.PAGES[name].path
    for mark, value in parts.items():
        path = path.replace(mark, value)
    query = {"search": f"?q=P{token}", "people": f"?q=P{token}", "season": "?from=2024-01-01"}.get(name, "")
    return f"/{path}{query}"


def _upload() -> int:
    """Let a file wait whose columns nobody knows; it says nothing of any side."""
    content = hr_files.csv_bytes([["number", "who", "when", "what"], ["1", "2", "2024-04-01", "x"]])
    words = {"name": "f.csv", "content": content, "actor": WHO, "received_at": sides.NOW, "waits": "columns"}
    return models.OrderUpload.objects.create(**words).pk


def _sha256(world: sides.World) -> str:
    return str(json.loads(world.plan)["sha256"])


def _coming() -> Body:
    day = sides.NOW.date() + timedelta(days=30)
    models.Parameter.objects.create(name="training_days", value=40, start=day, recorded_at=sides.NOW, origin="site")
    return {"name": "training_days", "start": day.isoformat()}


def _job(state: str) -> Body:
    made = models.Job.objects.create(
        key="asked by another",
        kind="cutover",
        requested_by="x",
        requested_at=sides.NOW,
        due_at=sides.NOW,
        state=state,
    )
    return {"job": made.pk}


def _replanned() -> int:
    """Return a re-plan in which something of both sides changed."""
    line = {"change": "added", "action": "grant", "code": "", "order_no": "", "needs_approval": True}
    named = [
        line | {"side": side, "system": f"sys{token}", "person_id": f"P{token}1", "entitlement": f"e{token}"}
        for side, token in TOKENS.items()
    ]
    numbers = {"added": 1, "granted": 1}
    result = {"sha256": "a", "former": "b", "as_of": sides.AS_OF.isoformat(), "approved": True, "new": True}
    words = {"side": "both", "state": "done", "requested_by": "x", "requested_at": sides.NOW, "due_at": sides.NOW}
    made, _ = models.Job.objects.get_or_create(
        key="a night's re-plan",
        kind="replan",
        defaults=words
        | {"lines": named, "result": result | {"otherwise": True, "sides": dict.fromkeys(TOKENS, numbers)}},
    )
    return made.pk


def _schedule(sha256: str = "", *, paused: bool = False) -> Body:
    due = sides.NOW + timedelta(hours=1)
    words = {"kind": "cutover", "repeats": "once", "due_at": due, "changed_by": "x", "changed_at": sides.NOW}
    paused_at = sides.NOW if paused else None
    models.Schedule.objects.create(name="a switch", params={"sha256": sha256}, paused_at=paused_at, **words)
    return {"schedule": "a switch"}


def _signed(world: sides.World) -> Body:
    key = authenticators.Passkey()
    key.register(models.User.objects.get(username=WHO))
    return {"assertion": key.sign(passkeys.challenge(plan_sha256=_sha256(world)))}


def _run() -> Body:
    models.VerificationRun.objects.update(needs_confirmation=True, confirmed_by="", executor="x", verifier="x")
    return {"run": models.VerificationRun.objects.latest("pk").pk}


def _finding(side: Side) -> Body:
    found = models.Finding.objects.filter(kind__startswith="deviation_", side=side).first()
    return {"key": found.key if found else "", "disposition": "d"}


def _group(side: Side) -> Body:
    found = models.Finding.objects.filter(kind__startswith="deviation_", side=side).first()
    params = found.params if found else {}
    kind = found.kind.removeprefix("deviation_") if found else ""
    return {"kind": kind, "system": params.get("system", ""), "code": params.get("code", ""), "disposition": "d"}


def _settled(side: Side) -> Body:
    run = models.VerificationRun.objects.latest("pk")
    run.deviations = [one for one in run.deviations if one["side"] != side]
    run.verified_at -= timedelta(seconds=1)
    run.save()
    models.Finding.objects.update(raised_at=sides.NOW.replace(year=2023))
    return {"disposition": "d"}


def _file(rows: list[list[str]]) -> Body:
    return {"file": SimpleUploadedFile("f.csv", hr_files.csv_bytes(rows))}


def _order(side: Side) -> Body:
    token, company = TOKENS[side], sides.COMPANY[side]
    row = ["OX", f"N{token}4", "", "2024-04-01", "異動", f"U{token}2", f"U{token}1", company]
    return _file([[*hr_files.HEADER, "会社コード"], row])


def _grant(side: Side) -> Body:
    token = TOKENS[side]
    days = {"start": "2024-04-01", "end": "2024-05-01", "reason": "r"}
    return {"person": f"P{token}4", "entitlement": f"sys{token}|e{token}", **days}


def _excepted(side: Side) -> Body:
    days = {"start": "2024-04-01", "end": "2024-05-01", "reason": "r"}
    return {"rule": "desk", "person": f"P{TOKENS[side]}4", **days}


def _role() -> Body:
    made = models.RoleAssignment.objects.create(
        user=OTHER_USER,
        person_id="",
        role="employee",
        side="network",
        start=sides.NOW.date(),
        recorded_at=sides.NOW,
        origin="site",
    )
    return {"role_id": made.pk, "end": (sides.NOW + timedelta(days=9)).date().isoformat()}


def _day_off() -> Body:
    day = sides.NOW.date()
    made = models.Holiday.objects.create(day=day, name="", start=day, recorded_at=sides.NOW, origin="site")
    return {"day_id": made.pk}


def _token(user: str) -> Body:
    """Return a token of a user's."""
    made = models.ApiToken.objects.create(
        name="t",
        user=user,
        sha256=f"{models.ApiToken.objects.count():064}",
        scopes=["plans:read"],
        created_at=sides.NOW,
        created_by=user,
        expires_at=sides.NOW + timedelta(days=9),
    )
    return {"token": made.pk}


DAY = sides.NOW.date().isoformat()
BODIES: Mapping[str, Callable[[sides.World, Side], Body]] = {
    "administration add": lambda *_: {"name": "a new user"},
    "administration_calendar add": lambda *_: {"day": DAY, "name": "x"},
    "administration_calendar remove": lambda *_: _day_off(),
    "administration_health clock": lambda *_: {"at": f"{DAY}T12:00"},
    "administration_parameters change": lambda *_: {
        "name": "lookback_days",
        "value": "400",
        "start": DAY,
        "reason": "tried",
    },
    "administration_proposals approve": lambda *_: {"proposal": administering.proposed(OTHER_USER)},
    "administration_proposals refuse": lambda *_: {"proposal": administering.proposed(OTHER_USER)},
    "administration_tokens revoke": lambda *_: _token(OTHER_USER),
    "administration_parameters withdraw": lambda *_: _coming(),
    "administration_user end": lambda *_: _role(),
    "administration_user give": lambda *_: {"role": "employee", "side": "network", "start": DAY},
    "administration_user off": lambda *_: {},
    "administration_user on": lambda *_: {},
    "administration_user renew": lambda *_: {},
    "board cancel": lambda *_: _job("waiting"),
    "board pause": lambda *_: _job("running"),
    "board resume": lambda *_: _job("paused"),
    "exception approve": lambda *_: {},
    "exception withdraw": lambda *_: {},
    "exceptions ask": lambda _, side: _excepted(side),
    "import_file mend": lambda *_: {"|2|employee_no": "another"},
    "import_file sheet": lambda *_: _file([["元のファイルの行", "employee_no"], ["2", "another"]]),
    "import_waiting drop": lambda *_: {},
    "import_waiting gone": lambda *_: {"gone": "1"},
    "import_waiting look": lambda *_: {"header0": "number", "field0": "order_no"},
    "import_waiting save": lambda *_: {"profile_name": "p", "header0": "number", "field0": "order_no"},
    "imports check": lambda *_: {},
    "import_movers manifest": lambda _, side: _file(
        [["order_no", "employee_no", "effective_date"], ["OX", f"N{TOKENS[side]}2", "2024-04-01"]]
    ),
    "imports take": lambda _, side: _order(side),
    "language choose": lambda *_: {"language": "en"},
    "ledger hand": lambda *_: {"holder": "an auditor"},
    "ledger pack": lambda _, side: {"side": side},
    "ledger verify": lambda *_: {},
    "plan approve": lambda world, _: _signed(world),
    "plan switch": lambda *_: {},
    "plan undo": lambda world, _: _schedule(_sha256(world)),
    "plans plan": lambda *_: {"day": "2024-05-01"},
    "grant approve": lambda *_: {},
    "grant end": lambda *_: {"day": DAY},
    "grants_ask ask": lambda _, side: _grant(side),
    "tokens make": lambda *_: {
        "name": "t",
        "scope": "plans:read",
        "end": (sides.NOW + timedelta(days=9)).date().isoformat(),
    },
    "tokens revoke": lambda *_: _token(WHO),
    "rules_change approve": lambda *_: {},
    "rules_change withdraw": lambda *_: {},
    "rules_preview ask": lambda *_: rulerooms.FORM,
    "rules_preview_result propose": lambda *_: rulerooms.PROPOSAL,
    "verification close": lambda _, side: _finding(side),
    "verification close_group": lambda _, side: _group(side),
    "verification close_settled": lambda _, side: _settled(side),
    "verification confirm": lambda *_: _run(),
    "verification verify": lambda *_: {},
    "work cancel": lambda *_: _job("waiting"),
    "work daily": lambda *_: {"kind": "replan", "time": "02:00"},
    "work go_on": lambda *_: _schedule(paused=True),
    "work pause": lambda *_: _job("running"),
    "work rest": lambda *_: _schedule(),
    "work resume": lambda *_: _job("paused"),
    "work take_back": lambda *_: _schedule(),
}
"""Page and act → what its form sends, about something of the side; the world is made fit for it first."""
