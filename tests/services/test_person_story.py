"""Who may read one person's story, and what it holds."""

import pytest

import make
from sekisho.core.kinds import AFFILIATE, BOTH, NETWORK, OrderType, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import people, person_story, visibility
from sekisho.store import models

T = OrderType
EARLY, MARCH, MAY = make.at("2024-01-10"), make.at("2024-03-10"), make.at("2024-05-10")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_mover() -> None:
    """P1, at the network's unit A from 2010, at the affiliate's unit X from 2020, as a roster knows since January."""
    for code, side in (("NW", "network"), ("AF", "affiliate")):
        models.Company.objects.create(
            code=code, name=code, status=side, side=side, start=make.LONG_AGO, recorded_at=EARLY
        )
    for code, company in (("A", "NW"), ("X", "AF")):
        models.Unit.objects.create(
            code=code, name=f"{code}課", company=company, classes="none", start=make.LONG_AGO, recorded_at=EARLY
        )
    models.Person.objects.create(person_id="P1", recorded_at=EARLY)
    for unit, company, start, end in (("A", "NW", "2010-04-01", "2020-04-01"), ("X", "AF", "2020-04-01", None)):
        models.RosterPost.objects.create(
            person_id="P1",
            company=company,
            unit=unit,
            employer=company,
            post_kind="main",
            employment_kind="regular",
            on_leave=False,
            start=make.day(start),
            end=make.day(end) if end else None,
            recorded_at=EARLY,
        )
    people.refold(person_ids=None, now=EARLY)


def actor(role: Role, side: Side = NETWORK, person: str | None = None) -> Actor:
    grants = (RoleGrant(role, side, Period(make.LONG_AGO)),)
    return Actor("somebody", grants, PersonId(person) if person else None)


def told(who: Actor, known_at=MAY) -> person_story.Story:
    return person_story.story(actor=who, person_id=PersonId("P1"), known_at=known_at, now=MAY)


def units(story: person_story.Story) -> list[str]:
    return [chapter.post.unit for chapter in story.chapters]


def test_hr_reads_the_whole_story_of_a_move_across_the_wall():
    story = told(actor(Role.HR))
    assert units(story) == ["A", "X"]
    assert [chapter.side for chapter in story.chapters] == [NETWORK, AFFILIATE]
    assert story.hidden == 0


def test_one_sides_auditor_reads_that_sides_posts_and_not_even_how_many_others_there_are():
    story = told(actor(Role.INTERNAL_AUDIT))
    assert (units(story), story.hidden, story.numbers, story.also) == (["A"], 0, (), ())
    assert [(chapter.post.origin, chapter.post.ended_by) for chapter in story.chapters] == [("", None)]


def test_the_person_reads_the_own_story():
    assert units(told(actor(Role.EMPLOYEE, AFFILIATE, person="P1"))) == ["A", "X"]


def test_another_employee_and_it_operation_are_refused():
    for role in (Role.EMPLOYEE, Role.IT_OPERATION, Role.ADMINISTRATOR):
        with pytest.raises(visibility.NotVisible):
            told(actor(role, BOTH, person="P9"))


def test_a_read_that_needs_both_sides_leaves_an_entry_a_side():
    told(actor(Role.CROSS_SIDE, BOTH))
    assert models.LedgerEntry.objects.filter(kind="fact.read").count() == 2


def test_a_person_not_known_yet_is_unknown():
    with pytest.raises(people.UnknownPerson):
        told(actor(Role.HR), known_at=make.at("2023-01-01"))


def test_only_hr_and_compliance_say_who_is_whom():
    models.Person.objects.create(person_id="P2", recorded_at=EARLY)
    for role in (Role.IT_OPERATION, Role.EMPLOYEE, Role.ADMINISTRATOR):
        with pytest.raises(people.NotAllowed):
            people.link(actor=actor(role), now=MAY, person_id=PersonId("P1"), other=PersonId("P2"), reason="再雇用")
    done = people.link(
        actor=actor(Role.COMPLIANCE), now=MAY, person_id=PersonId("P1"), other=PersonId("P2"), reason="再雇用"
    )
    assert told(actor(Role.HR)).also == (done.absorbed,)
