"""A preview against a check: what it says of moves is what a check says once the change is adopted; nothing changes."""

from datetime import date
from pathlib import Path

import pytest

import make
import screenings
from screenings import MARCH, TRUSTED, a_check, a_person, a_unit, an_actor, an_order
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, Outcome, Role, Side
from sekisho.core.rule_preview import Effect, Part
from sekisho.core.rules import Rule, body_of
from sekisho.services import jobs, people, rule_preview, rule_previews, screening, users, work
from sekisho.services.rule_drafts import BadDraft, Draft, change, choices
from sekisho.services.rule_previews import Preview
from sekisho.store import models

pytestmark = pytest.mark.django_db
TODAY = MARCH.date()
SINCE = date(2020, 1, 1)


@pytest.fixture(autouse=True)
def the_group() -> None:
    screenings.the_group()
    a_unit("PT", "AF", "power_trading")
    a_unit("CD", "NW", "central_dispatch")
    for number, (start, goal, day) in enumerate(
        [
            ("TP", "RS", "2024-04-01"),
            ("TP", "PT", "2024-04-01"),
            ("CD", "RS", "2024-04-01"),
            ("NG", "RS", "2024-04-01"),
            ("N?", "RS", "2024-04-01"),
            ("CD", "RS", "2024-02-01"),
            ("TP", "RS", "2024-02-01"),
        ]
    ):
        a_person(f"P{number}", start)
        an_order(f"P{number}", goal, no=f"A{number}", on=day, at=make.at("2024-01-20"))
    people.refold(person_ids=None, now=MARCH)


def draft(**keys: object) -> Draft:
    facts: dict[str, object] = {
        "rule": "direct",
        "kind": "direct_transfer",
        "type": "policy_stop",
        "from_classes": ["trunk_planning"],
        "to_classes": ["retail_sales"],
        "start": TODAY,
    } | keys
    return Draft(**facts)


CHANGES = {
    "nothing": {},
    "wider source": {"from_classes": ["trunk_planning", "central_dispatch"]},
    "wider goal": {"to_classes": ["retail_sales", "power_trading"]},
    "another goal": {"to_classes": ["power_trading"]},
    "review": {"type": "review"},
    "law": {"type": "legal_stop"},
    "later": {"from_classes": ["central_dispatch"], "start": date(2024, 5, 1)},
    "ended": {"ends": True},
    "new rule": {"rule": "wide", "from_classes": [], "to_classes": ["retail_sales"]},
    "other way": {"reverse": True},
}


def computed(new: Rule) -> dict[tuple[str, str], dict[str, tuple[str, str]]]:
    """Return the moves of a preview: (part, effect) → order number → outcomes before and after."""
    found: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for line in rule_preview.compute(change=new, since=SINCE, now=MARCH, tell=lambda done, total: None):
        if line["line"] == rule_preview.MOVE:
            outcomes = line["before"]["outcome"], line["after"]["outcome"]
            found.setdefault((line["part"], line["effect"]), {})[line["order_no"]] = outcomes
    return found


def adopt(new: Rule) -> None:
    """Write the change as adopting it does."""
    models.Rule.objects.create(
        rule_id=new.id,
        version=new.version,
        body=body_of(new),
        start=new.period.start,
        end=new.period.end,
        recorded_at=MARCH,
        origin="site",
    )


@pytest.mark.parametrize("name", CHANGES)
def test_a_preview_says_what_a_check_says_once_the_change_is_adopted(name: str) -> None:
    new = change(draft=draft(**CHANGES[name]), now=MARCH)
    before = {one.order.key.order_no: one.verdict.outcome.value for one in a_check().results}
    entries, rows = models.LedgerEntry.objects.count(), models.Rule.objects.count()
    found = computed(new)
    assert (models.LedgerEntry.objects.count(), models.Rule.objects.count()) == (entries, rows), "nothing is changed"
    adopt(new)
    after = {one.order.key.order_no: one.verdict.outcome.value for one in a_check().results}
    told = {number: said for (part, _), moves in found.items() if part == "coming" for number, said in moves.items()}
    coming = [f"A{number}" for number in range(5)]
    assert {number: after[number] for number in coming if after[number] != before[number]} == {
        number: said[1] for number, said in told.items() if said[0] != said[1]
    }
    assert all(said == (before[number], after[number]) for number, said in told.items())


@pytest.mark.parametrize("name", CHANGES)
def test_past_moves_are_told_as_judging_them_again_tells_them(name: str) -> None:
    new = change(draft=draft(**CHANGES[name]), now=MARCH)
    a_check()
    found = computed(new)
    newly = {number for number, said in found.get(("past", "newly"), {}).items() if said[1] != "unknown"}
    adopt(new)
    by_then = max(MARCH, make.at(new.period.start.isoformat()))
    again = screening.rescreen(actor=TRUSTED, now=by_then, since=SINCE)
    past = {one.order_no for one in again.affected if one.order_no in {"A5", "A6"} and one.rule.id == new.id}
    assert newly <= past
    assert past - newly <= {"A6"}, "A6 fell under the rule already; by another version it is named anew"


def test_a_change_that_says_the_same_affects_nobody() -> None:
    assert computed(change(draft=draft(), now=MARCH)) == {}


def test_the_numbers_of_people_in_such_posts_are_told_by_unit() -> None:
    new = change(draft=draft(from_classes=["trunk_planning", "central_dispatch"]), now=MARCH)
    lines = rule_preview.compute(change=new, since=SINCE, now=MARCH, tell=lambda done, total: None)
    sitting = {line["unit"]: (line["before"], line["after"]) for line in lines if line["line"] == "sitting"}
    assert sitting == {"TP": (2, 2), "CD": (0, 1)}


def test_progress_is_told_and_ends_at_the_end() -> None:
    told: list[tuple[int, int]] = []
    rule_preview.compute(
        change=change(draft=draft(), now=MARCH), since=SINCE, now=MARCH, tell=lambda *said: told.append(said)
    )
    assert told[-1][0] == told[-1][1]
    assert len(told) >= 2


# Asked for as background work, read by side


def asked(actor_name: str = "houmu", role: str = "compliance", side: str = "both", **keys: object) -> int:
    models.RoleAssignment.objects.create(
        user=actor_name, person_id="", role=role, side=side, start=make.LONG_AGO, recorded_at=screenings.BEGAN
    )
    actor = users.signed_in_actor(name=actor_name, now=MARCH)
    wider = {"from_classes": ["trunk_planning", "central_dispatch"], **keys}
    return rule_preview.ask(actor=actor, now=MARCH, change=change(draft=draft(**wider), now=MARCH), since=SINCE)


def read(job: int, role: Role = Role.COMPLIANCE, side: Side = BOTH) -> Preview:
    return rule_previews.preview(actor=an_actor(role, side), now=MARCH, job_id=job)


def test_a_preview_is_done_by_a_worker_and_read_with_reasons(tmp_path: Path) -> None:
    job = asked()
    assert not read(job).is_done
    assert work.step(home=tmp_path, clock=lambda: MARCH)
    found = read(job)
    assert found.is_done
    (coming,) = [one for one in found.groups if one.part is Part.COMING]
    assert (coming.effect, coming.count, [one.order_no for one in coming.moves]) == (Effect.NEWLY, 1, ["A2"])
    assert coming.moves[0].after is Outcome.VIOLATION
    assert "中央給電指令所" in coming.moves[0].reason["ja"]
    assert found.looked_at == 7
    assert found.count(Effect.NEWLY) == 2


def test_each_side_reads_its_own_and_who_counts_only_counts(tmp_path: Path) -> None:
    job = asked()
    work.step(home=tmp_path, clock=lambda: MARCH)
    for side in (NETWORK, AFFILIATE):
        mine = read(job, Role.HR, side)
        assert mine.count(Effect.NEWLY) == 2
        assert {one.code for one in mine.units} == ({"TP", "CD"} if side == NETWORK else set())
    elsewhere = read(job, Role.HR, Side("elsewhere"))
    assert (elsewhere.looked_at, elsewhere.groups) == (0, ())


def test_a_notice_before_its_release_is_told_to_the_few_and_gone_when_it_is_withdrawn(tmp_path: Path) -> None:
    a_person("P8", "CD")
    order = an_order("P8", "RS", no="D1", on="2024-06-01", status="draft")
    job = asked()
    work.step(home=tmp_path, clock=lambda: MARCH)
    told = [one.order_no for group in read(job).groups for one in group.moves]
    assert "D1" in told
    audit = rule_previews.preview(actor=an_actor(Role.INTERNAL_AUDIT), now=MARCH, job_id=job)
    assert "D1" not in [one.order_no for group in audit.groups for one in group.moves]
    assert audit.count(Effect.NEWLY) == read(job).count(Effect.NEWLY) - 1
    models.Order.objects.filter(order_id=order).update(superseded_at=MARCH)
    assert "D1" not in [one.order_no for group in read(job).groups for one in group.moves]


def test_lists_are_cut_and_numbers_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_preview, "LISTED", 1)
    for number in range(20, 24):
        a_person(f"P{number}", "CD")
        an_order(f"P{number}", "RS", no=f"B{number}")
    job = asked()
    work.step(home=tmp_path, clock=lambda: MARCH)
    (coming,) = [one for one in read(job).groups if one.part is Part.COMING]
    assert (coming.count, len(coming.moves)) == (5, 1)


def test_it_is_for_hr_and_compliance_and_never_for_a_day_gone_by() -> None:
    new = change(draft=draft(), now=MARCH)
    with pytest.raises(jobs.MayNotAsk):
        rule_preview.ask(actor=an_actor(Role.IT_OPERATION), now=MARCH, change=new, since=SINCE)
    past = change(draft=draft(start=date(2024, 1, 1)), now=MARCH)
    with pytest.raises(rule_preview.BadChange):
        rule_preview.ask(actor=an_actor(Role.HR), now=MARCH, change=past, since=SINCE)


def test_no_other_work_is_read_as_a_preview(tmp_path: Path) -> None:
    actor = an_actor(Role.COMPLIANCE)
    other = jobs.enqueue(actor=actor, now=MARCH, asked=jobs.NewJob(jobs.CHECK, "c", {}, MARCH))
    for job in (other, 10**6):
        with pytest.raises(jobs.UnknownJob):
            rule_previews.preview(actor=actor, now=MARCH, job_id=job)


def test_a_change_reads_back_as_it_was_written() -> None:
    for keys in CHANGES.values():
        new = change(draft=draft(**keys), now=MARCH)
        assert rule_preview.read_change(rule_preview.write_change(new)) == new


# Drafts


def test_a_draft_keeps_what_the_form_does_not_ask_for() -> None:
    models.Rule.objects.filter(rule_id="direct").update(
        body={**models.Rule.objects.get().body, "text": {"ja": "文", "en": "text"}, "source": "code"}
    )
    new = change(draft=draft(to_classes=["power_trading"]), now=MARCH)
    assert (new.text_ja, new.source, {one.value for one in new.to_status}) == ("文", "code", {"affiliate"})
    assert new.to_classes == {"power_trading"}


def test_a_draft_without_id_without_classes_or_ending_nothing_is_refused() -> None:
    for bad in ({"rule": " "}, {"rule": "new", "from_classes": [], "to_classes": []}, {"rule": "new", "ends": True}):
        with pytest.raises(BadDraft):
            change(draft=draft(**bad), now=MARCH)


def test_a_form_starts_from_the_version_of_today_else_the_next() -> None:
    screenings.a_rule("coming", "2024-09-01")
    for name in ("direct", "coming"):
        offered = choices(actor=TRUSTED, now=MARCH, rule_id=name)
        assert offered.base is not None
        assert offered.base.id == name
    assert choices(actor=TRUSTED, now=MARCH, rule_id="none").base is None
