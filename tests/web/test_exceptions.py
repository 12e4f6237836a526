"""Exceptions on the site: asked for, refused beside the field, approved by the listed, withdrawn."""

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import sites
from sekisho.store import models

pytestmark = pytest.mark.django_db
ASKED = {"rule": "desk", "person": "PNET2", "reason": "引継ぎ", "start": "2024-04-01", "end": "2024-06-01"}


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def asker() -> Client:
    return sites.client("jinji", ("hr", "both"))


def last() -> models.RuleException:
    return models.RuleException.objects.current().latest("pk")


def test_it_is_asked_for_and_waits_for_both_sides() -> None:
    answer = asker().post("/rules/exceptions", ASKED, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/rules/exceptions/{last().exception_id}"
    assert "送配電側の承認待ち：nameNET9（PNET9）" in page
    assert "関係会社側の承認待ち：nameAFF9（PAFF9）" in page


def test_a_person_is_found_by_the_employee_number() -> None:
    asker().post("/rules/exceptions", ASKED | {"person": "NNET2"})
    assert last().person_id == "PNET2"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("reason", " ", "理由が必要です"),
        ("end", "2024-03-01", "期限が必要です"),
        ("end", "", "終了日"),
        ("person", "nobody", "「nobody」という人は登録されていません"),
        ("rule", "nothing", "規則「nothing」は"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(field: str, value: str, sentence: str) -> None:
    before = models.RuleException.objects.count()
    answer = asker().post("/rules/exceptions", ASKED | {field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert f'id="{field}-error"' in page
    assert "2024-04-01" in page
    assert models.RuleException.objects.count() == before


def test_each_side_approves_and_neither_who_asked_nor_who_moves() -> None:
    asker().post("/rules/exceptions", ASKED)
    path = f"/rules/exceptions/{last().exception_id}"
    mover = sites.client("mover", ("compliance", "both"), person="PNET2")
    assert "承認できません" in mover.post(path, {"do": "approve"}, follow=True).content.decode()
    assert last().approvals == []
    network = sites.client("n", ("executive", "network"), person="PNET9")
    assert "承認する" in network.get(path).content.decode()
    assert "残る側の承認を待っています" in network.post(path, {"do": "approve"}, follow=True).content.decode()
    affiliate = sites.client("a", ("compliance", "affiliate"), person="PAFF9")
    affiliate.post(path, {"do": "approve"})
    assert last().state == "approved"
    assert "承認する" not in network.get("/rules/exceptions").content.decode()


def test_a_listed_approver_finds_what_waits_for_him_whatever_his_role() -> None:
    asker().post("/rules/exceptions", ASKED)
    page = sites.client("n", ("executive", "network"), person="PNET9").get("/rules/exceptions").content.decode()
    assert last().exception_id in page
    assert "あなたの承認を待っているもの" in page
    plain = sites.client("m", ("executive", "network")).get("/rules/exceptions").content.decode()
    assert last().exception_id not in plain


def test_it_is_withdrawn_by_compliance_or_who_asked() -> None:
    asker().post("/rules/exceptions", ASKED)
    path = f"/rules/exceptions/{last().exception_id}"
    other = sites.client("h2", ("hr", "both"))
    assert "取り下げる" not in other.get(path).content.decode()
    asker_again = asker()
    asker_again.post(path, {"do": "withdraw"})
    assert last().state == "withdrawn"


def test_one_that_is_none_and_one_that_may_not_be_known_are_answered_alike(world) -> None:
    client = sites.client("h", ("hr", "network"))
    hidden, missing = (client.get(f"/rules/exceptions/{name}") for name in (world.exceptions["affiliate"], "X9999"))
    assert hidden.status_code == missing.status_code == 404
    assert client.post(f"/rules/exceptions/{world.exceptions['affiliate']}", {"do": "withdraw"}).status_code == 404


def test_the_page_of_a_person_leads_to_a_request_filled_in() -> None:
    client = asker()
    assert "/rules/exceptions?person=PNET2#ask" in client.get("/people/PNET2").content.decode()
    assert 'value="PNET2"' in client.get("/rules/exceptions?person=PNET2").content.decode()
    plain = sites.client("kansa", ("internal_audit", "both"))
    assert "/rules/exceptions?person" not in plain.get("/people/PNET2").content.decode()


def test_a_move_that_falls_under_a_rule_leads_to_a_request_for_that_rule() -> None:
    order = models.Order.objects.filter(status="final", person_id="PNET2").latest("pk")
    kept = models.Screening.objects.filter(order_id=order.order_id).latest("pk")
    rule = {"id": "desk", "version": "1", "type": "policy_stop"}
    verdict = {**kept.verdict, "outcome": "violation", "rules": [rule], "code": "screening.policy_posts"}
    models.Screening.objects.filter(pk=kept.pk).update(outcome="violation", verdict=verdict)
    page = asker().get(f"/transfers/{order.order_id.replace('#', '%23')}").content.decode()
    assert "/rules/exceptions?rule=desk&amp;person=PNET2&amp;start=2024-03-01#ask" in page


def test_the_list_takes_as_many_queries_however_long_it_is() -> None:
    client = asker()
    counts = []
    for _ in range(2):
        for number in range(6):
            client.post("/rules/exceptions", ASKED | {"reason": str(number)})
        client.get("/rules/exceptions")
        with CaptureQueriesContext(connection) as asked:
            client.get("/rules/exceptions")
        counts.append(len(asked))
    assert counts[0] == counts[1]
