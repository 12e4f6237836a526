"""What the rooms of the site read, asked as one side and the other: for tests/services/test_sides.py."""

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import rulerooms
import storyrooms
from sekisho.core.kinds import OrderStatus, PersonId, Side
from sekisho.core.users import Actor
from sekisho.services import (
    board,
    board_people,
    changes_shown,
    entries_shown,
    exceptions_shown,
    findings,
    grants,
    jobs,
    mine,
    orders,
    person_access,
    person_learned,
    plan_reading,
    plan_review,
    plans,
    rule_previews,
    rules_shown,
    rules_toml,
    search,
    systems_shown,
    transfer_days,
    transfers,
    units_shown,
    verification,
    verification_counts,
    verification_reading,
    verification_runs,
    waiting,
)
from sekisho.services.ledger import Entry
from sekisho.store import models
from sides import COMPANY, NOW, TOKEN, TRUSTED, World

Ask = Callable[[World, Actor, Side], object]


def _sha256(world: World) -> str:
    return str(json.loads(world.plan)["sha256"])


def _outcomes(world: World, who_asks: Actor) -> object:
    plan = models.Plan.objects.get(sha256=_sha256(world))
    if not plan.operations.exists():
        for part in plan.document["parts"]:
            models.OperationRecord.objects.create(
                plan=plan,
                operation_id=f"x-{part['system']}",
                side=part["side"],
                system_id=part["system"],
                action="revoke",
                phase=1,
                state="applied",
                changed_at=NOW,
            )
    return plan_review.outcomes(actor=who_asks, now=NOW, sha256=plan.sha256)


def _board(world: World, who_asks: Actor) -> object:
    _outcomes(world, TRUSTED)
    return board.board(actor=who_asks, now=NOW, day=None)


def _people(world: World, who_asks: Actor) -> object:
    """Ask for the list behind every number, where a switch has begun."""
    _outcomes(world, TRUSTED)
    return board_people.listed(
        actor=who_asks, now=NOW, sha256=_sha256(world), wanted=board_people.Wanted(), page=(0, 50)
    )


def _last_run(world: World, who_asks: Actor) -> object:
    if not models.VerificationRun.objects.exists():
        verification.verify(actor=TRUSTED, as_of=NOW, now=NOW, home=world.home)
    return verification_runs.latest(actor=who_asks, now=NOW)


def _worked(world: World, who_asks: Actor) -> object:
    _last_run(world, TRUSTED)
    return verification_reading.read(actor=who_asks, now=NOW)


def _lines(who_asks: Actor) -> object:
    """Return what changed in a re-plan of both sides."""
    found = [{"side": side, "system": f"sys{token}", "person_id": f"P{token}1"} for side, token in TOKEN.items()]
    row, _ = models.Job.objects.get_or_create(
        key="lines",
        defaults={
            "kind": "replan",
            "side": "both",
            "state": "done",
            "lines": found,
            "requested_at": NOW,
            "due_at": NOW,
        },
    )
    return jobs.lines(actor=who_asks, now=NOW, job_id=row.pk)


def _groups(world: World, who_asks: Actor) -> object:
    """Ask for the causes, where the first operation of each part waits."""
    _outcomes(world, TRUSTED)
    models.OperationRecord.objects.update(state="held", error="cutover.guard_group_share")
    return board_people.groups(actor=who_asks, now=NOW, sha256=_sha256(world))


def _counts(world: World, who_asks: Actor) -> object:
    _last_run(world, TRUSTED)
    return verification_counts.last(actor=who_asks, now=NOW)


def _runs(world: World, who_asks: Actor) -> tuple[verification_runs.Run, ...]:
    _last_run(world, TRUSTED)
    return verification_runs.last(actor=who_asks, now=NOW)


def _one_run(world: World, who_asks: Actor) -> object:
    newest = _runs(world, TRUSTED)[0].id
    return verification_runs.run(actor=who_asks, now=NOW, run_id=newest)


def _moves(status: OrderStatus) -> Ask:
    days = (date(2024, 1, 1), date(2024, 12, 31))
    return lambda _, a, side: [
        one for one in transfers.moves(actor=a, now=NOW, days=days) if one.order.status is status
    ]


def _transfer(who_asks: Actor, side: Side) -> object:
    row = models.Order.objects.filter(status="final", person_id__startswith=f"P{TOKEN[side]}")
    return transfers.transfer(actor=who_asks, now=NOW, order_id=row.latest("pk").order_id).move


def _members(who_asks: Actor, side: Side) -> object:
    shown = units_shown.unit(actor=who_asks, now=NOW, code=f"U{TOKEN[side]}1", day=NOW.date())
    return shown.members


def _exception(world: World, who_asks: Actor, side: Side) -> object:
    shown = exceptions_shown.shown(actor=who_asks, now=NOW, exception_id=world.exceptions[side])
    return shown.state


def _placed(who_asks: Actor) -> object:
    """Return how many people the actor counts in the listed units; the units themselves are open to all."""
    units = rules_shown.units(actor=who_asks, now=NOW, day=NOW.date())
    return sum(one.people or 0 for one in units if one.classes)


def _entries(who_asks: Actor) -> tuple[Entry, ...]:
    wanted = entries_shown.Wanted()
    return entries_shown.page(actor=who_asks, now=NOW, wanted=wanted, first=0, size=500).entries


def _preview(who_asks: Actor) -> object:
    job = models.Job.objects.filter(kind=jobs.PREVIEW).values_list("pk", flat=True).first() or rulerooms.previewed()
    return rule_previews.preview(actor=who_asks, now=NOW, job_id=job).groups


def _change(who_asks: Actor) -> object:
    made = models.RuleProposal.objects.values_list("pk", flat=True).first() or rulerooms.proposed()
    return changes_shown.shown(actor=who_asks, now=NOW, change_id=made).waiting


ASKS: Mapping[str, Ask] = {
    **storyrooms.ASKS,
    "search.search": lambda _, a, side: search.search(actor=a, now=NOW, words=f"P{TOKEN[side]}").persons,
    "exceptions_shown.listed": lambda _, a, side: [one.state for one in exceptions_shown.listed(actor=a, now=NOW)],
    "exceptions_shown.shown": _exception,
    "exceptions_shown.find_person": lambda _, a, side: exceptions_shown.find_person(
        actor=a, now=NOW, words=f"N{TOKEN[side]}1"
    ).replace(f"N{TOKEN[side]}1", ""),
    "rules_shown.rule": lambda _, a, side: rules_shown.rule(actor=a, now=NOW, rule_id="desk").versions[0].approvers,
    "rules_shown.units": lambda _, a, side: _placed(a),
    "rule_previews.preview": lambda _, a, side: _preview(a),
    "changes_shown.shown": lambda _, a, side: _change(a),
    "rules_toml.document": lambda _, a, side: rules_toml.document(actor=a, now=NOW),
    "systems_shown.systems": lambda _, a, side: systems_shown.systems(actor=a, now=NOW),
    "systems_shown.system": lambda _, a, side: (
        systems_shown.system(actor=a, now=NOW, system_id=f"sys{TOKEN[side]}").bundles
    ),
    "systems_shown.coverage": lambda _, a, side: (
        systems_shown.coverage(actor=a, now=NOW, system_id=f"sys{TOKEN[side]}").holders
    ),
    "grants.grant": lambda w, a, side: grants.grant(actor=a, now=NOW, grant_id=w.grants[side]),
    "entries_shown.page": lambda _, a, side: _entries(a),
    "entries_shown.page before release": lambda _, a, side: [
        f"{TOKEN[one.side]} {one.kind}" for one in _entries(a) if "embargo" in one.facts and one.side in TOKEN
    ],
    "units_shown.unit": lambda _, a, side: _members(a, side),
    "units_shown.chart": lambda _, a, side: [
        one for one in units_shown.chart(actor=a, now=NOW) if one.code == COMPANY[side]
    ],
    "units_shown.company": lambda _, a, side: units_shown.company(actor=a, now=NOW, code=COMPANY[side]),
    "person_learned.compared": lambda _, a, side: person_learned.compared(
        actor=a, person_id=PersonId(f"P{TOKEN[side]}2"), known_at=NOW - timedelta(days=1), now=NOW
    ),
    "person_access.access_of": lambda _, a, side: person_access.access_of(
        actor=a, person_id=PersonId(f"P{TOKEN[side]}1"), day=NOW.date(), known_at=NOW, now=NOW
    ),
    "orders.visible_of": lambda _, a, side: orders.visible_of(actor=a, now=NOW, person_id=PersonId(f"P{TOKEN[side]}2")),
    "transfers.of_person": lambda _, a, side: transfers.of_person(
        actor=a, now=NOW, person_id=PersonId(f"P{TOKEN[side]}2")
    ),
    "findings.first_open": lambda _, a, side: findings.first_open(actor=a, now=NOW, kinds="", most=99),
    "plans.show_kept": lambda w, a, side: plans.show_kept(actor=a, now=NOW, sha256=_sha256(w)),
    "transfers.moves": _moves(OrderStatus.FINAL),
    "transfers.moves before release": _moves(OrderStatus.DRAFT),
    "transfers.transfer": lambda _, a, side: _transfer(a, side),
    "plan_reading.read": lambda w, a, side: plan_reading.read(actor=a, now=NOW, sha256=_sha256(w)),
    "plan_review.review": lambda w, a, side: plan_review.review(actor=a, now=NOW, sha256=_sha256(w)),
    "jobs.lines": lambda _, a, side: _lines(a),
    "board.board": lambda w, a, side: _board(w, a),
    "board_people.groups": lambda w, a, side: _groups(w, a),
    "waiting.waiting": lambda _, a, side: waiting.waiting(actor=a, now=NOW),
    "mine.mine": lambda _, a, side: mine.mine(actor=a, now=NOW),
    "transfer_days.around": lambda _, a, side: transfer_days.around(actor=a, now=NOW, day=NOW.date(), planned=()),
    "transfer_days.next_day": lambda _, a, side: transfer_days.next_day(actor=a, now=NOW),
    "board_people.listed": lambda w, a, side: _people(w, a),
    "verification_counts.last": lambda w, a, side: _counts(w, a),
    "plan_review.outcomes": lambda w, a, side: _outcomes(w, a),
    "verification_runs.last": lambda w, a, side: _runs(w, a)[0],
    "verification_runs.run": lambda w, a, side: _one_run(w, a),
    "verification_reading.read": lambda w, a, side: _worked(w, a),
    "verification_runs.latest": lambda w, a, side: _last_run(w, a),
}
