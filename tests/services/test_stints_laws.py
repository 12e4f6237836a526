"""The stints table equals the fold of the facts, at every moment of the record axis."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import make
from sekisho.core.kinds import OrderType, PersonId, PostKind
from sekisho.core.people import Timeline
from sekisho.services import people, stints
from sekisho.store import models

START = make.at("2024-01-01")
DAY_ONE = make.day("2023-01-01")
PERSONS = ("P1", "P2", "P3")

moments = st.integers(0, 6).map(lambda hours: START + timedelta(hours=hours))


@st.composite
def an_order(draw: st.DrawFn) -> dict[str, object]:
    order_type = draw(st.sampled_from(OrderType))
    edits = order_type in {OrderType.CANCEL, OrderType.CORRECT}
    return {
        "person_id": draw(st.sampled_from(PERSONS)),
        "order_type": order_type.value,
        "first_day": DAY_ONE + timedelta(days=draw(st.integers(0, 10)) * 30),
        "to_unit": draw(st.sampled_from(["", "A", "B", "X"])),
        "post_no": draw(st.sampled_from(["", "1"])),
        "post_kind": draw(st.sampled_from(PostKind)).value,
        "supersedes": f"N-{draw(st.integers(0, 5))}" if edits else "",
        "status": draw(st.sampled_from(["final", "final", "final", "draft"])),
    }


@st.composite
def a_roster_row(draw: st.DrawFn) -> dict[str, object]:
    return {
        "person_id": draw(st.sampled_from(PERSONS)),
        "unit": draw(st.sampled_from("ABX")),
        "start": DAY_ONE - timedelta(days=draw(st.integers(0, 3)) * 100),
        "on_leave": draw(st.booleans()),
        "post_kind": draw(st.sampled_from(PostKind)).value,
    }


steps = st.one_of(
    st.tuples(st.just("orders"), moments, st.lists(an_order(), min_size=1, max_size=3)),
    st.tuples(st.just("roster"), moments, st.lists(a_roster_row(), min_size=1, max_size=3)),
    st.tuples(st.just("link"), moments, st.permutations(PERSONS)),
)


def a_company_folder() -> None:
    models.Company.objects.create(
        code="NW", name="NW", status="network", side="network", start=make.LONG_AGO, recorded_at=START
    )
    for code in "ABX":
        models.Unit.objects.create(
            code=code, name=code, company="NW", classes="none", start=make.LONG_AGO, recorded_at=START
        )


def import_orders(number: int, at: datetime, rows: list[dict[str, object]]) -> set[PersonId]:
    file = models.OrderFile.objects.create(
        sha256="0" * 64,
        name="f",
        kind="csv",
        received_at=at,
        actor="cli:hr",
        rows_in=len(rows),
        accepted=len(rows),
        rejected=0,
        ignored=0,
        defects=[],
    )
    for line, row in enumerate(rows):
        models.Order.objects.create(
            order_id=f"N-{number}-{line}",
            file=file,
            row=line,
            company="NW",
            order_no=f"N-{number}",
            employee_no=str(row["person_id"]),
            effective_date=row["first_day"],
            content_sha256="0" * 64,
            recorded_at=at,
            **row,
        )
    return {PersonId(str(row["person_id"])) for row in rows}


def reload_roster(at: datetime, rows: list[dict[str, object]]) -> set[PersonId]:
    """Close the persons' rows known now and write new ones, as `load` does; never before what is there."""
    persons = {PersonId(str(row["person_id"])) for row in rows}
    models.RosterPost.objects.current().filter(person_id__in=persons, recorded_at__lte=at).update(superseded_at=at)
    for row in rows:
        models.RosterPost.objects.create(company="NW", employer="NW", employment_kind="regular", recorded_at=at, **row)
    return persons


def link(at: datetime, persons: list[str]) -> set[PersonId]:
    if not models.PersonLink.objects.filter(person_id=persons[0]).exists():
        models.PersonLink.objects.create(
            person_id=persons[0], same_as=persons[1], reason="r", actor="a", start=make.LONG_AGO, recorded_at=at
        )
    return {PersonId(persons[0]), PersonId(persons[1])}


def take(number: int, step: tuple) -> None:
    kind, at, content = step
    if kind == "orders":
        persons = import_orders(number, at, content)
    elif kind == "roster":
        persons = reload_roster(at, content)
    else:
        persons = link(at, content)
    people.refold(person_ids=persons, now=at)


def projected(known_at: datetime) -> list[tuple]:
    rows = models.Stint.objects.as_known_at(known_at).values_list(*stints._STINT)
    return sorted(rows, key=repr)


def folded(known_at: datetime) -> list[tuple]:
    timelines: list[Timeline] = list(people.timelines(person_ids=None, known_at=known_at))
    return sorted((row for timeline in timelines for row in stints._stint_rows(timeline)), key=repr)


@pytest.mark.django_db(transaction=False)
def test_stints_as_known_at_any_moment_equal_the_fold_of_the_facts_as_known_then():
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(sequence=st.lists(steps, min_size=1, max_size=6))
    def law(sequence: list[tuple]) -> None:
        with transaction.atomic():
            a_company_folder()
            for number, step in enumerate(sequence):
                take(number, step)
            for hours in range(8):
                moment = START + timedelta(hours=hours)
                assert projected(moment) == folded(moment)
            transaction.set_rollback(True)

    law()


@pytest.mark.django_db
def test_what_is_held_on_a_day_is_the_same_from_stints_and_from_folds():
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(sequence=st.lists(steps, min_size=1, max_size=6), days=st.integers(-50, 400))
    def law(sequence: list[tuple], days: int) -> None:
        with transaction.atomic():
            a_company_folder()
            for number, step in enumerate(sequence):
                take(number, step)
            day, moment = DAY_ONE + timedelta(days=days), START + timedelta(hours=3)
            held = sorted(people.stints_on(day=day, known_at=moment), key=repr)
            timelines = list(people.timelines(person_ids=None, known_at=moment))
            assert held == sorted((post for line in timelines for post in line.held_on(day)), key=repr)
            away = people.absent_on(day=day, known_at=moment)
            assert away == {line.person_id for line in timelines if line.on_leave(day)}
            transaction.set_rollback(True)

    law()
