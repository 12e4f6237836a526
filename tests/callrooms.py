"""Where each call stands about something of a side, and what its body says: for the matrix of law 8."""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from urllib.parse import quote

import administering
import authenticators
import hr_files
import sides
from programs import token
from sekisho.api.calls import CALLS
from sekisho.core.kinds import Side
from sekisho.core.users import Actor
from sekisho.services import order_files, passkeys, rule_changes, rule_drafts, rule_preview
from sekisho.services.order_import import OrderRequest
from sekisho.services.rule_drafts import Draft
from sekisho.store import models
from webrooms import OTHER_USER, TOKENS

DAY = sides.NOW.date().isoformat()
LATER = (sides.NOW + timedelta(days=9)).date().isoformat()
Asked = Callable[[sides.World, Side, str], object]
"""(the world, the side, who asks) → what is asked for."""


def address(world: sides.World, name: str, side: Side, who: str) -> str:
    """Return the call's address, about something of that side; the world is made fit for it first."""
    path, word = CALLS[name].path, TOKENS[side]
    for mark, value in PARTS.items():
        if mark in path:
            made = PATHS.get(name, value)(world, side, who)
            path = path.replace(mark, quote(str(made), safe="/"))
    queries = {"search": f"?q=P{word}", "transfer_list": "?from=2024-01-01&to=2024-12-31"}
    queries["person_learned"] = "?known_at=2024-01-01T00:00:00%2B09:00"
    query = queries.get(name, "")
    if name in {"file_take", "manifest_sign"}:
        query = "?name=f.csv"
    return path + query


def body(world: sides.World, name: str, side: Side, who: str) -> object:
    """Return what the call sends."""
    return BODIES[name](world, side, who) if name in BODIES else None


def sha256(world: sides.World) -> str:
    return str(json.loads(world.plan)["sha256"])


def _order(side: Side) -> str:
    rows = models.Order.objects.filter(status="final", person_id__startswith=f"P{TOKENS[side]}")
    return rows.latest("pk").order_id


def _entry(side: Side) -> str:
    found = models.LedgerEntry.objects.filter(side=side, position__isnull=False).order_by("pk").first()
    return found.entry_id if found else "0"


def job(state: str) -> int:
    made = models.Job.objects.create(
        key=f"asked by another {models.Job.objects.count()}",
        kind="cutover",
        requested_by="x",
        requested_at=sides.NOW,
        due_at=sides.NOW,
        side="both",
        state=state,
    )
    return made.pk


def _schedule() -> str:
    words = {
        "kind": "replan",
        "side": "both",
        "repeats": "daily",
        "due_at": sides.NOW,
        "changed_by": "x",
        "changed_at": sides.NOW,
    }
    models.Schedule.objects.update_or_create(name="nightly", defaults=words)
    return "nightly"


def _run() -> int:
    models.VerificationRun.objects.update(needs_confirmation=True, confirmed_by="", executor="x", verifier="x")
    return models.VerificationRun.objects.latest("pk").pk


def _role() -> int:
    made = models.RoleAssignment.objects.create(
        user=OTHER_USER,
        person_id="",
        role="employee",
        side="network",
        start=sides.NOW.date(),
        recorded_at=sides.NOW,
        origin="site",
    )
    return made.pk


def _day_off() -> int:
    day = sides.NOW.date()
    return models.Holiday.objects.create(day=day, name="", start=day, recorded_at=sides.NOW, origin="site").pk


def _token(who: str) -> int:
    token(who, now=sides.NOW)
    return models.ApiToken.objects.filter(user=who).latest("pk").pk


def _passkey(who: str) -> authenticators.Passkey:
    key = authenticators.Passkey()
    key.register(models.User.objects.get(username=who))
    return key


def _challenged(world: sides.World, _: Side, who: str) -> str:
    _passkey(who)
    return sha256(world)


def _approved(world: sides.World, *_: object) -> str:
    plan = models.Plan.objects.get(sha256=sha256(world))
    models.PlanApproval.objects.create(plan=plan, by="another", method="passkey", at=sides.NOW)
    return plan.sha256


def _set(world: sides.World, *_: object) -> str:
    """Return the plan, with a switch set for its time."""
    words = {"kind": "cutover", "side": "both", "repeats": "once", "due_at": sides.AS_OF, "changed_by": "x"}
    words |= {"params": {"sha256": sha256(world)}, "changed_at": sides.NOW}
    models.Schedule.objects.update_or_create(name=f"switch {sides.AS_OF.isoformat()}", defaults=words)
    return sha256(world)


def _file(_: sides.World, __: Side, who: str) -> int:
    """Return a file that the caller brought, with a rejected row."""
    rows = [["発令番号", "社員番号", "発令日", "発令区分"], [f"F{who}", "nobody", "2024-04-01", "昇格"]]
    request = OrderRequest("f.csv", hr_files.csv_bytes(rows), sides.NOW)
    taken = order_files.take(actor=Actor(who, trusted=True), now=sides.NOW, request=request)
    assert taken.file_id is not None
    return taken.file_id


def _proposal() -> int:
    """Return a proposed change of another's."""
    change = rule_drafts.change(draft=_draft(), now=sides.NOW)
    made = rule_changes.propose(actor=sides.TRUSTED, now=sides.NOW, change=change, reason="r")
    return made.id


def _draft() -> Draft:
    classes = {"from_classes": frozenset({"central_dispatch"}), "to_classes": frozenset({"power_trading"})}
    days = {"neutral_stay_days": None, "lookback_days": None, "reverse": False, "ends": False}
    return Draft(
        rule="desk",
        version="2",
        kind="concurrent_posts",
        type="policy_stop",
        start=date.fromisoformat("2024-06-01"),
        **classes,
        **days,
    )


def _drafted() -> dict[str, object]:
    return {
        "rule": "desk",
        "version": "3",
        "from": "2024-07-01",
        "kind": "concurrent_posts",
        "type": "policy_stop",
        "from_classes": ["central_dispatch"],
        "to_classes": ["power_trading"],
    }


def _preview(*_: object) -> int:
    change = rule_drafts.change(draft=_draft(), now=sides.NOW)
    return rule_preview.ask(actor=sides.TRUSTED, now=sides.NOW, change=change, since=sides.NOW.date())


def _upload(_: sides.World, __: Side, who: str) -> int:
    """Return a file of the caller's that waits for a word about its columns."""
    content = hr_files.csv_bytes([["発令番号", "社員番号", "発令日", "発令区分"]])
    words = {"name": "f.csv", "content": content, "actor": who, "received_at": sides.NOW, "waits": "columns"}
    return models.OrderUpload.objects.create(**words).pk


def _signed(world: sides.World, _: Side, who: str) -> object:
    return {"assertion": json.loads(_passkey(who).sign(passkeys.challenge(plan_sha256=sha256(world))))}


def _taken(_: sides.World, side: Side, __: str) -> bytes:
    word, company = TOKENS[side], sides.COMPANY[side]
    row = ["OX", f"N{word}4", "", "2024-04-01", "異動", f"U{word}2", f"U{word}1", company]
    return hr_files.csv_bytes([[*hr_files.HEADER, "会社コード"], row])


def _manifest(_: sides.World, side: Side, __: str) -> bytes:
    header = ["order_no", "employee_no", "effective_date"]
    return hr_files.csv_bytes([header, ["OX", f"N{TOKENS[side]}2", "2024-04-01"]])


def _wanted(side: Side) -> dict[str, object]:
    word = TOKENS[side]
    return {"person_id": f"P{word}4", "from": "2024-04-01", "to": "2024-05-01", "reason": "r"}


def _grant(_: sides.World, side: Side, __: str) -> object:
    return _wanted(side) | {"system": f"sys{TOKENS[side]}", "entitlement": f"e{TOKENS[side]}"}


def _finding(_: sides.World, side: Side, __: str) -> object:
    found = models.Finding.objects.filter(kind__startswith="deviation_", side=side).first()
    return {"key": found.key if found else "", "disposition": "d"}


PARTS: Mapping[str, Asked] = {
    "{sha256}": lambda w, *_: sha256(w),
    "{entry}": lambda _, side, __: _entry(side),
    "{name}": lambda *_: OTHER_USER,
    "{file_id}": _file,
    "{path:order}": lambda _, side, __: _order(side),
    "{person}": lambda _, side, __: f"P{TOKENS[side]}2",
    "{code}": lambda _, side, __: f"U{TOKENS[side]}1",
    "{system}": lambda _, side, __: f"sys{TOKENS[side]}",
    "{run_id}": lambda *_: _run(),
    "{job_id}": lambda *_: job("waiting"),
    "{exception_id}": lambda w, side, _: w.exceptions[side],
    "{grant_id}": lambda w, side, _: w.grants[side],
    "{day_id}": lambda *_: _day_off(),
    "{upload_id}": _upload,
    "{change_id}": lambda *_: _proposal(),
    "{path:rule}": lambda *_: "desk",
    "{kind}": lambda *_: "verification",
    "{token_id}": lambda _, __, who: _token(who),
    "{proposal_id}": lambda *_: administering.proposed(OTHER_USER),
    "{role_id}": lambda *_: _role(),
}
PATHS: Mapping[str, Asked] = {
    "preview_show": _preview,
    "job_pause": lambda *_: job("running"),
    "job_resume": lambda *_: job("paused"),
    "plan_challenge": _challenged,
    "company_show": lambda _, side, __: sides.COMPANY[side],
    "switch_set": _approved,
    "switch_undo": _set,
    "schedule_cancel": lambda *_: _schedule(),
    "schedule_pause": lambda *_: _schedule(),
    "schedule_resume": lambda *_: _schedule(),
    "parameter_set": lambda *_: "lookback_days",
    "profile_save": lambda *_: "layout",
}
"""Calls that need something else in their path than others."""
BODIES: Mapping[str, Asked] = {
    "user_add": lambda *_: {"name": "a new user"},
    "role_give": lambda *_: {"role": "employee", "side": "network", "from": DAY},
    "role_end": lambda *_: {"to": LATER},
    "user_switch": lambda *_: {"active": False},
    "parameter_set": lambda *_: {"value": "400", "from": DAY, "reason": "tried"},
    "day_off_add": lambda *_: {"day": LATER, "name": "x"},
    "clock_set": lambda *_: {"at": f"{DAY}T12:00:00+09:00"},
    "schedule_daily": lambda *_: {"time": "02:00"},
    "plan_ask": lambda *_: {"day": "2024-05-01"},
    "plan_approve": _signed,
    "exception_request": lambda _, side, __: _wanted(side) | {"rule": "desk"},
    "change_propose": lambda *_: {"draft": _drafted(), "reason": "r"},
    "preview_ask": lambda *_: {"draft": _drafted()},
    "anchor_hand": lambda *_: {"holder": "the regulator", "way": "mail"},
    "ledger_audit": lambda *_: None,
    "pack_ask": lambda _, side, __: {"side": side},
    "grant_end": lambda *_: {"to": "2024-04-02"},
    "waiting_go_on": lambda *_: {},
    "profile_save": lambda *_: {"columns": {"番号": "employee_no"}},
    "finding_close": _finding,
    "grant_ask": _grant,
    "file_take": _taken,
    "file_mend": lambda *_: {"cells": [{"row": 2, "field": "employee_no", "value": "another"}]},
    "manifest_sign": _manifest,
    "language_choose": lambda *_: {"language": "en"},
    "token_make": lambda *_: {"name": "another", "scopes": ["plans:read"], "to": LATER},
}
"""What each call sends that sends something."""
