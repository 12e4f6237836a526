"""What both sides share tells each only of its own: a common system, a unit's head, work for both sides, a refusal."""

from datetime import date
from pathlib import Path

import pytest

import sides
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, Role, Side
from sekisho.core.users import Actor
from sekisho.services import exceptions, folder, job_kinds, jobs, systems_shown, units_shown
from sekisho.store import models

pytestmark = pytest.mark.django_db
NOW = sides.NOW
SHARED = """
[[system]]
id = "shared"
name = "shared"
connector = "memory"
[[entitlement]]
system = "shared"
id = "eNET"
side = "network"
[[entitlement]]
system = "shared"
id = "eAFF"
side = "affiliate"
[[bundle]]
system = "shared"
entitlements = ["eNET", "eAFF"]
for = { titles = ["x"] }
[[bundle]]
system = "shared"
entitlements = ["eAFF"]
for = { titles = ["y"] }
"""


@pytest.fixture
def it() -> Actor:
    return sides.actor(Role.IT_OPERATION, NETWORK)


def load(home: Path) -> None:
    home.mkdir()
    (home / "company.toml").write_text(sides.HEAD, "utf-8")
    (home / "access.toml").write_text(SHARED, "utf-8")
    folder.load_folder(folder=home, actor=sides.TRUSTED, now=sides.LOADED)


def test_a_common_system_shows_a_side_its_own_entitlements_bundles_and_holders(tmp_path: Path, it: Actor) -> None:
    load(tmp_path / "company")
    for name in ("eNET", "eAFF", "eAFF"):
        models.ObservedHolding.objects.create(
            system_id="shared",
            account=f"a{name}{models.ObservedHolding.objects.count()}",
            entitlement=name,
            first_seen_at=sides.LOADED,
        )
    models.SystemRead.objects.create(
        system_id="shared", read_at=sides.LOADED, complete=True, accounts=3, holdings=3, purpose="verification"
    )
    shown = systems_shown.system(actor=it, now=NOW, system_id="shared")
    assert [one.id for one in shown.entitlements] == ["eNET"]
    assert [one.entitlements for one in shown.bundles] == [frozenset({"eNET"})]
    assert shown.read is not None
    assert (shown.read.accounts, shown.read.holdings) == (None, None)
    covered = systems_shown.coverage(actor=it, now=NOW, system_id="shared")
    assert covered.holders == {"eNET": 1}
    assert [(one.accounts, one.holdings) for one in covered.reads] == [(None, None)]
    both = systems_shown.coverage(actor=sides.actor(Role.IT_OPERATION, BOTH), now=NOW, system_id="shared")
    assert both.holders == {"eNET": 1, "eAFF": 2}
    assert [one.holdings for one in both.reads] == [3]


@pytest.mark.parametrize(("side", "told"), [(NETWORK, "PNET1"), (AFFILIATE, None)])
def test_who_heads_a_unit_is_told_to_who_reads_its_people(tmp_path: Path, side: Side, told: str | None) -> None:
    sides.build(tmp_path)
    models.Unit.objects.filter(code="UNET1").update(head="PNET1")
    shown = units_shown.unit(actor=sides.actor(Role.COMPLIANCE, side), now=NOW, code="UNET1", day=NOW.date())
    assert [one.head for one in shown.versions] == [told]


def ask(kind: str, actor: Actor) -> int:
    return jobs.enqueue(actor=actor, now=NOW, asked=jobs.NewJob(kind, kind, {"file": "secret.xlsx"}, NOW))


def test_an_import_is_known_to_who_brought_the_file_alone(tmp_path: Path) -> None:
    sides.build(tmp_path)
    mine, other = (sides.actor(Role.HR, side, name=side) for side in (NETWORK, AFFILIATE))
    job = ask(job_kinds.IMPORT, mine)
    assert jobs.job(actor=mine, now=NOW, job_id=job) is not None
    assert jobs.job(actor=other, now=NOW, job_id=job) is None
    assert jobs.jobs(actor=other, now=NOW) == ()
    with pytest.raises(jobs.UnknownJob):
        jobs.pause(actor=other, now=NOW, job_id=job)


def test_work_for_both_sides_is_stopped_by_who_asked_or_holds_both(tmp_path: Path) -> None:
    sides.build(tmp_path)
    job = ask(job_kinds.VERIFICATION, sides.actor(Role.COMPLIANCE, NETWORK, name="asks"))
    other = sides.actor(Role.COMPLIANCE, AFFILIATE, name="other")
    with pytest.raises(jobs.MayNotAsk):
        jobs.pause(actor=other, now=NOW, job_id=job)
    jobs.pause(actor=sides.actor(Role.COMPLIANCE, BOTH, name="both"), now=NOW, job_id=job)


def test_others_are_told_no_words_of_what_was_asked(tmp_path: Path) -> None:
    sides.build(tmp_path)
    job = ask(job_kinds.VERIFICATION, sides.actor(Role.COMPLIANCE, NETWORK, name="asks"))
    shown = jobs.job(actor=sides.actor(Role.COMPLIANCE, NETWORK, name="other"), now=NOW, job_id=job)
    assert shown is not None
    assert shown.params == {}


def test_only_a_replans_lines_are_read_as_a_jobs_lines(tmp_path: Path) -> None:
    sides.build(tmp_path)
    actor = sides.actor(Role.COMPLIANCE, BOTH, name="asks")
    job = ask(job_kinds.PREVIEW, actor)
    models.Job.objects.filter(pk=job).update(lines=[{"side": NETWORK, "released": False, "person_id": "PNET1"}])
    assert jobs.lines(actor=actor, now=NOW, job_id=job) == ()


def test_a_refused_approver_is_not_told_who_the_others_are(tmp_path: Path) -> None:
    world = sides.build(tmp_path)
    actor = sides.actor(Role.COMPLIANCE, NETWORK, name="not-listed", person="PNET4")
    with pytest.raises(exceptions.MayNot) as refused:
        exceptions.approve(actor=actor, now=NOW, exception_id=world.exceptions[NETWORK])
    assert "PAFF9" not in str(refused.value.params)


def test_the_story_of_a_move_is_silent_on_an_exception_for_a_notice_that_waits(tmp_path: Path) -> None:
    from sekisho.services import transfers

    world = sides.build(tmp_path)
    models.RuleException.objects.filter(exception_id=world.exceptions[NETWORK]).update(
        person_id="PNET2", start=date(2024, 2, 1), end=date(2024, 5, 1)
    )
    mover = sides.actor(Role.EMPLOYEE, NETWORK, person="PNET2")
    order = models.Order.objects.filter(status="final", person_id="PNET2").latest("pk")
    shown = transfers.transfer(actor=mover, now=NOW, order_id=order.order_id)
    assert world.exceptions[NETWORK] not in repr(shown)
