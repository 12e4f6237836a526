"""Schedules: by the company's clock, once a day, caught up once and said, paused, cancelled, and whose they are."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import make
import sides
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, Role
from sekisho.core.periods import next_time
from sekisho.services import job_claims, jobs, ledger, schedules
from sekisho.store import models

NOW = make.at("2027-03-31")
IT = sides.actor(Role.IT_OPERATION, BOTH, name="joshisu")
database = pytest.mark.django_db


def asked(key: str = "k", due: datetime = NOW, kind: str = "cutover") -> jobs.NewJob:
    return jobs.NewJob(kind, key, {"sha256": "x"}, due)


def daily(at: time = time(2)) -> None:
    schedules.daily(actor=IT, now=NOW, kind="replan", at_time=at)


@database
def test_a_daily_schedule_falls_due_by_the_companys_clock_once_a_day() -> None:
    daily()
    due = models.Schedule.objects.get().due_at
    assert due == datetime.fromisoformat("2027-04-01T02:00:00+09:00")
    assert schedules.tick(now=due - timedelta(seconds=1)) == 0
    assert schedules.tick(now=due) == 1
    assert schedules.tick(now=due) == 0
    assert models.Schedule.objects.get().due_at == due + timedelta(days=1)


@database
def test_missed_nights_are_caught_up_once_and_say_how_many() -> None:
    daily()
    assert schedules.tick(now=NOW + timedelta(days=5)) == 1
    job_claims.claim(now=NOW + timedelta(days=5))
    job = models.Job.objects.get()
    assert job.missed_at is not None
    assert job.skipped == 4  # the nights of 1 to 5 April were missed; this is the first


@database
def test_a_switch_falls_due_once_at_its_instant() -> None:
    schedules.at(actor=IT, now=NOW, name="switch x", asked=asked(due=NOW + timedelta(hours=1)))
    assert schedules.tick(now=NOW) == 0
    assert schedules.tick(now=NOW + timedelta(hours=1)) == 1
    assert schedules.tick(now=NOW + timedelta(days=9)) == 0


@database
def test_a_paused_schedule_makes_nothing_and_goes_on_from_its_next_time() -> None:
    daily()
    schedules.pause(actor=IT, now=NOW, name="daily replan", paused=True)
    assert schedules.tick(now=NOW + timedelta(days=2)) == 0
    schedules.pause(actor=IT, now=NOW + timedelta(days=2), name="daily replan", paused=False)
    assert schedules.tick(now=NOW + timedelta(days=2)) == 0


@database
def test_a_time_that_passed_while_a_switch_was_paused_falls_due_at_once_when_it_goes_on_and_says_it_is_late() -> None:
    due = NOW + timedelta(hours=1)
    schedules.at(actor=IT, now=NOW, name="switch x", asked=asked(due=due))
    schedules.pause(actor=IT, now=NOW, name="switch x", paused=True)
    assert schedules.tick(now=due + timedelta(hours=2)) == 0
    schedules.pause(actor=IT, now=due + timedelta(hours=2), name="switch x", paused=False)
    assert schedules.tick(now=due + timedelta(hours=2)) == 1
    job_claims.claim(now=due + timedelta(hours=2))
    assert models.Job.objects.get().missed_at == due + timedelta(hours=2)


@database
def test_the_same_name_again_replaces_what_was_set() -> None:
    schedules.at(actor=IT, now=NOW, name="switch x", asked=asked(due=NOW + timedelta(hours=1)))
    schedules.at(actor=IT, now=NOW, name="switch x", asked=asked(due=NOW + timedelta(hours=3)))
    assert schedules.tick(now=NOW + timedelta(hours=2)) == 0
    assert schedules.tick(now=NOW + timedelta(hours=3)) == 1
    assert models.Job.objects.count() == 1


@database
def test_a_cancelled_one_makes_nothing_and_may_be_set_anew_for_the_same_time() -> None:
    due = NOW + timedelta(hours=1)
    schedules.at(actor=IT, now=NOW, name="switch x", asked=asked(due=due))
    schedules.cancel(actor=IT, now=NOW, name="switch x")
    assert schedules.tick(now=due) == 0
    with pytest.raises(jobs.UnknownJob):
        schedules.cancel(actor=IT, now=NOW, name="switch x")
    for again in (1, 2):
        schedules.at(actor=IT, now=due + timedelta(seconds=again), name="switch x", asked=asked(due=due))
        assert schedules.tick(now=due + timedelta(minutes=1)) == 1
    told = [one.kind for one in ledger.last(count=9, sides=[""]) if one.kind.startswith("schedule.")]
    assert told == ["schedule.set", "schedule.cancelled", "schedule.set", "schedule.set"]


@database
def test_a_rehearsals_clock_set_back_does_not_leave_a_daily_schedule_weeks_ahead() -> None:
    daily()
    schedules.tick(now=NOW + timedelta(days=30))
    assert schedules.tick(now=NOW) == 0
    assert models.Schedule.objects.get().due_at == datetime.fromisoformat("2027-04-01T02:00:00+09:00")


@database
def test_each_side_has_its_own_nightly_check_and_does_not_know_of_the_others() -> None:
    for side in (NETWORK, AFFILIATE):
        models.System.objects.create(
            system_id=side,
            name=side,
            side=side,
            protected=True,
            connector="memory",
            settings={},
            start=make.LONG_AGO,
            recorded_at=make.at("2020-01-01"),
        )
    for side in (NETWORK, AFFILIATE):
        schedules.daily(actor=sides.actor(Role.HR, side, name=side), now=NOW, kind="check", at_time=time(3))
    for side in (NETWORK, AFFILIATE):
        shown = schedules.schedules(actor=sides.actor(Role.HR, side), now=NOW)
        assert [one.changed_by for one in shown] == [side]
    assert len(schedules.schedules(actor=sides.actor(Role.HR, BOTH), now=NOW)) == 2
    network = sides.actor(Role.HR, NETWORK, name="x")
    with pytest.raises(jobs.UnknownJob):
        schedules.cancel(actor=network, now=NOW, name="daily check affiliate")
    with pytest.raises(jobs.MayNotAsk):
        schedules.daily(actor=sides.actor(Role.IT_OPERATION, NETWORK), now=NOW, kind="replan", at_time=time(2))


ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    at=st.times().map(lambda one: one.replace(second=0, microsecond=0, tzinfo=None)),
    days=st.integers(0, 1500),
    minutes=st.integers(0, 1439),
)
def test_the_next_time_is_within_a_day_and_shows_on_the_clock_where_that_hour_is_there(
    zone: ZoneInfo, at: time, days: int, minutes: int
) -> None:
    now = make.at("2024-01-01") + timedelta(days=days, minutes=minutes)
    found = next_time(at, zone, after=now)
    assert now < found <= now + timedelta(hours=25, minutes=1)
    assert found.astimezone(zone).time() == at or found.astimezone(zone).utcoffset() != now.astimezone(zone).utcoffset()
    assert next_time(at, zone, after=found) > found + timedelta(hours=22)


def test_an_hour_that_comes_twice_counts_once() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = next_time(time(2, 30), zone, after=datetime.fromisoformat("2027-10-31T00:00:00+02:00"))
    assert first == datetime.fromisoformat("2027-10-31T02:30:00+02:00")
    assert next_time(time(2, 30), zone, after=first) == datetime.fromisoformat("2027-11-01T02:30:00+01:00")
