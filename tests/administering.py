"""What administrators and those who run the work do, each once, for the tests of who may."""

import json
from collections.abc import Callable, Mapping
from datetime import time, timedelta

import hr_files
import rulerooms
from sekisho.core.users import Actor
from sekisho.services import (
    administration,
    days_off,
    installation,
    installation_proposals,
    jobs,
    logins,
    order_files,
    order_mending,
    plan_review,
    schedules,
    switches,
    tokens,
)
from sekisho.services.order_import import OrderRequest
from sekisho.store import models
from sides import NOW, World

TODAY = NOW.date()
Act = Callable[[World, Actor], object]


def _user() -> str:
    models.User.objects.get_or_create(username="tanaka")
    return "tanaka"


def _role() -> int:
    return models.RoleAssignment.objects.create(
        user=_user(), person_id="", role="employee", side="network", start=TODAY, recorded_at=NOW, origin="site"
    ).pk


def proposed(user: str = "") -> int:
    """Return a role for one side that another administrator proposed for a user."""
    name = user or _user()
    body = {"user": name, "person_id": "", "role": "hr", "side": "network", "from": TODAY.isoformat(), "to": None}
    asked = installation_proposals.Proposed("role", name, body, ("network",))
    installation_proposals.propose(actor=Actor("another"), now=NOW, asked=asked)
    return models.InstallationProposal.objects.latest("pk").pk


def _day_off() -> int:
    return models.Holiday.objects.create(day=TODAY, name="", start=TODAY, recorded_at=NOW, origin="site").pk


def _clock(world: World, actor: Actor) -> None:
    installation.mark_rehearsal(home=world.home)
    administration.set_clock(actor=actor, home=world.home, now=NOW, claimed=NOW)


def _give(_: World, actor: Actor) -> None:
    administration.give_role(
        actor=actor, now=NOW, name=_user(), role="employee", side="network", start=TODAY, end=TODAY + timedelta(days=9)
    )


ASKED = jobs.NewJob("cutover", "a key", {"sha256": "x"}, NOW)


def _job(state: str) -> int:
    made = models.Job.objects.create(
        key=f"job {models.Job.objects.count()}",
        kind="cutover",
        requested_by="x",
        requested_at=NOW,
        due_at=NOW,
        state=state,
    )
    return made.pk


def _schedule() -> str:
    values = {
        "kind": "replan",
        "repeats": "daily",
        "time": time(2),
        "due_at": NOW,
        "changed_by": "x",
        "changed_at": NOW,
    }
    models.Schedule.objects.update_or_create(name="nightly", defaults=values)
    return "nightly"


def _switch() -> str:
    values = {"kind": "cutover", "repeats": "once", "due_at": NOW, "changed_by": "x", "changed_at": NOW}
    models.Schedule.objects.update_or_create(name="switch", defaults={**values, "params": {"sha256": "x"}})
    return "x"


def _file(actor: Actor) -> int:
    """Return a file of the actor's own with a rejected row."""
    content = hr_files.csv_bytes(
        [["発令番号", "社員番号", "発令日", "発令区分"], ["F1", "nobody", "2024-04-01", "昇格"]]
    )
    made = models.OrderFile.objects.create(
        sha256="",
        name="f.csv",
        kind="orders",
        received_at=NOW,
        actor=actor.name,
        rows_in=1,
        accepted=0,
        rejected=1,
        ignored=0,
        defects=[{"kind": "rejected", "sheet": "", "row": 2, "column": "", "value": "", "code": "", "params": {}}],
    )
    columns = [{"key": "employee_no", "header": "社員番号", "filled": True}]
    stored = models.OrderFileContent.objects.create(file=made, content=content, columns=columns)
    models.OrderFileRow.objects.create(stored=stored, place=0, number=2, cells={"employee_no": "one"}, rejected=True)
    return made.pk


def _token(actor: Actor) -> int:
    made = models.ApiToken.objects.create(
        name="t", user=actor.name, sha256=f"{models.ApiToken.objects.count():064}", scopes=["plans:read"],
        created_at=NOW, created_by=actor.name, expires_at=NOW + timedelta(days=9),
    )  # fmt: skip
    return made.pk


ACTS: Mapping[str, Act] = {
    "tokens.make": lambda _, a: tokens.make(
        actor=a, now=NOW, asked=tokens.NewToken("t", ("plans:read",), TODAY + timedelta(days=9))
    ),
    "tokens.own": lambda _, a: tokens.own(actor=a, now=NOW),
    "tokens.revoke": lambda _, a: tokens.revoke(actor=a, now=NOW, token_id=_token(a)),
    "tokens.every": lambda _, a: tokens.every(actor=a, now=NOW),
    **rulerooms.ACTS,
    "order_files.files": lambda _, a: order_files.files(actor=a, now=NOW),
    "order_files.file": lambda _, a: order_files.file(actor=a, now=NOW, file_id=_file(a)),
    "order_files.take": lambda _, a: order_files.take(
        actor=a,
        now=NOW,
        request=OrderRequest("f.csv", hr_files.csv_bytes([["発令番号", "社員番号", "発令日", "発令区分"]]), NOW),
    ),
    "order_mending.mend": lambda _, a: order_mending.mend(
        actor=a, now=NOW, file_id=_file(a), cells={("", 2, "employee_no"): "another"}
    ),
    "plan_review.plan_lines": lambda _, a: plan_review.plan_lines(actor=a, now=NOW),
    "plan_review.line": lambda w, a: plan_review.line(actor=a, now=NOW, sha256=json.loads(w.plan)["sha256"]),
    "jobs.enqueue": lambda _, a: jobs.enqueue(actor=a, now=NOW, asked=ASKED),
    "jobs.pause": lambda _, a: jobs.pause(actor=a, now=NOW, job_id=_job("running")),
    "jobs.resume": lambda _, a: jobs.resume(actor=a, now=NOW, job_id=_job("paused")),
    "jobs.cancel": lambda _, a: jobs.cancel(actor=a, now=NOW, job_id=_job("waiting")),
    "jobs.jobs": lambda _, a: jobs.jobs(actor=a, now=NOW),
    "jobs.job": lambda _, a: jobs.job(actor=a, now=NOW, key="a key"),
    "schedules.at": lambda _, a: schedules.at(actor=a, now=NOW, name="once", asked=ASKED),
    "jobs.own": lambda _, a: jobs.own(actor=a, now=NOW, kind="check", about={}),
    "schedules.daily": lambda _, a: schedules.daily(actor=a, now=NOW, kind="replan", at_time=time(2)),
    "schedules.cancel": lambda _, a: schedules.cancel(actor=a, now=NOW, name=_schedule()),
    "switches.let_run": lambda w, a: switches.let_run(actor=a, now=NOW, sha256=json.loads(w.plan)["sha256"]),
    "switches.undo": lambda _, a: switches.undo(actor=a, now=NOW, sha256=_switch()),
    "switches.of_plan": lambda _, a: switches.of_plan(actor=a, now=NOW, sha256="x"),
    "switches.job_of": lambda _, a: switches.job_of(actor=a, now=NOW, sha256="x"),
    "switches.coming": lambda _, a: switches.coming(actor=a, now=NOW),
    "schedules.pause": lambda _, a: schedules.pause(actor=a, now=NOW, name=_schedule(), paused=True),
    "schedules.schedules": lambda _, a: schedules.schedules(actor=a, now=NOW),
    "logins.logins": lambda _, a: logins.logins(actor=a, now=NOW),
    "logins.protection": lambda _, a: logins.protection(actor=a, now=NOW),
    "logins.login": lambda _, a: logins.login(actor=a, now=NOW, name=_user()),
    "administration.settings": lambda _, a: administration.settings(actor=a, now=NOW),
    "days_off.days_off": lambda _, a: days_off.days_off(actor=a, now=NOW, year=2024),
    "administration.add_user": lambda _, a: administration.add_user(actor=a, now=NOW, name=f"new-{a.name}"),
    "administration.renew_sign_in": lambda _, a: administration.renew_sign_in(actor=a, now=NOW, name=_user()),
    "administration.switch": lambda _, a: administration.switch(actor=a, now=NOW, name=_user(), active=False),
    "administration.give_role": _give,
    "installation_proposals.proposals": lambda _, a: installation_proposals.proposals(actor=a, now=NOW),
    "installation_proposals.approve": lambda _, a: installation_proposals.approve(
        actor=a, now=NOW, proposal_id=proposed()
    ),
    "installation_proposals.refuse": lambda _, a: installation_proposals.refuse(
        actor=a, now=NOW, proposal_id=proposed()
    ),
    "administration.end_role": lambda _, a: administration.end_role(actor=a, now=NOW, role_id=_role(), end=TODAY),
    "administration.change_setting": lambda _, a: administration.change_setting(
        actor=a, now=NOW, name="lookback_days", written="400", start=TODAY, reason="tried"
    ),
    "days_off.add_day_off": lambda _, a: days_off.add_day_off(actor=a, now=NOW, day=TODAY, name="x"),
    "days_off.remove_day_off": lambda _, a: days_off.remove_day_off(actor=a, now=NOW, day_id=_day_off()),
    "administration.set_clock": _clock,
}
