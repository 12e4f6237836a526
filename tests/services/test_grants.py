"""Manual grants: two people, a reason, an end."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import IntegrityError, transaction

import make
import plantings
from sekisho.core.kinds import BOTH, PersonId, Role, Side
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import access, grants, users
from sekisho.store import models

pytestmark = pytest.mark.django_db
NOW = plantings.NOW
REQUEST = grants.Request(PersonId("P2"), "cis", "n1", "handover", date(2026, 4, 1), date(2026, 5, 1))


@pytest.fixture(autouse=True)
def _planted() -> None:
    plantings.plant()


def actor(name: str, person: str = "", role: Role = Role.COMPLIANCE, side: str = BOTH) -> Actor:
    return Actor(name, (RoleGrant(role, Side(side), Period(make.LONG_AGO)),), PersonId(person) if person else None)


def test_a_grant_counts_once_someone_else_has_approved_it() -> None:
    asked = grants.add(actor=actor("a", "P7"), request=REQUEST, now=NOW)
    assert (asked.state, access.catalogue(known_at=NOW).grants) == ("requested", ())
    approved = grants.approve(actor=actor("b", "P8"), grant_id=asked.id, now=NOW)
    assert (approved.state, approved.approver) == ("approved", "b")
    assert [one.id for one in access.catalogue(known_at=NOW).grants] == [asked.id]
    assert [one.state for one in grants.grants(actor=actor("b"), now=NOW)] == ["approved"]


@pytest.mark.parametrize(("name", "person"), [("a", "P6"), ("c", "P7"), ("d", "P2")])
def test_neither_who_asked_nor_who_receives_approves(name: str, person: str) -> None:
    plantings.role("a", "P7", "compliance")
    asked = grants.add(actor=actor("a", "P7"), request=REQUEST, now=NOW)
    with pytest.raises(grants.OwnGrant):
        grants.approve(actor=actor(name, person), grant_id=asked.id, now=NOW)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"reason": " "}, "grants.no_reason"),
        ({"end": None}, "grants.no_end"),
        ({"end": REQUEST.start}, "grants.no_end"),
        ({"entitlement": "typo"}, "grants.unknown_entitlement"),
        ({"person_id": PersonId("nobody")}, "grants.unknown_person"),
    ],
)
def test_a_grant_that_says_too_little_is_refused(changed: dict[str, object], code: str) -> None:
    with pytest.raises(grants.BadGrant) as caught:
        grants.add(actor=actor("a"), request=replace(REQUEST, **changed), now=NOW)
    assert caught.value.code == code
    assert not models.Grant.objects.exists()


def test_a_role_of_the_other_side_neither_asks_nor_approves_nor_sees() -> None:
    other = actor("x", "P6", side="affiliate")
    with pytest.raises(grants.BadGrant) as hidden:
        grants.add(actor=other, request=REQUEST, now=NOW)
    assert hidden.value.code == "grants.unknown_entitlement"
    asked = grants.add(actor=actor("a", "P7"), request=REQUEST, now=NOW)
    with pytest.raises(grants.UnknownGrant):
        grants.approve(actor=other, grant_id=asked.id, now=NOW)
    assert grants.grants(actor=other, now=NOW) == ()


def test_an_approved_grant_is_not_approved_again() -> None:
    asked = grants.add(actor=actor("a", "P7"), request=REQUEST, now=NOW)
    grants.approve(actor=actor("b", "P8"), grant_id=asked.id, now=NOW)
    with pytest.raises(grants.UnknownGrant):
        grants.approve(actor=actor("c", "P9"), grant_id=asked.id, now=NOW)


def test_of_a_grant_one_row_stands_at_a_time() -> None:
    asked = grants.add(actor=actor("a", "P7"), request=REQUEST, now=NOW)
    row = models.Grant.objects.get(grant_id=asked.id)
    row.pk, row.state = None, "approved"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_who_comes_second_to_a_grant_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the read and the write of one, another ends it: as on PostgreSQL two transactions may."""
    asked = grants.add(actor=actor("a", "P7"), request=REQUEST, now=NOW)
    real = users.is_same_person

    def meanwhile(**words: object) -> bool:
        models.Grant.objects.filter(grant_id=asked.id).update(superseded_at=NOW)
        return bool(real(**words))

    monkeypatch.setattr(users, "is_same_person", meanwhile)
    with pytest.raises(grants.NotOpen) as caught:
        grants.approve(actor=actor("b", "P8"), grant_id=asked.id, now=NOW)
    assert caught.value.code == "grants.changed"
    assert models.Grant.objects.count() == 1
