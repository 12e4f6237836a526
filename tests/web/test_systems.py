"""Systems and manual grants: how well a system is known, who held it, and a grant from asking to its end."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

import sides
import sites
from sekisho.store import models

pytestmark = pytest.mark.django_db
ASKED = {"do": "ask", "entitlement": "sysNET|eNET", "start": "2024-05-01", "end": "2024-06-01", "reason": "夜間の対応"}


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def shown(path: str, *role: tuple[str, str]) -> str:
    return sites.client("houmu", *(role or (("compliance", "both"),))).get(path).content.decode()


def ask(client: Client, **changed: str) -> str:
    answer = client.post("/grants/ask", {**ASKED, "person": "PNET1", **changed})
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return str(answer.headers["Location"])


def test_a_system_says_when_it_was_read_and_what_it_can_do() -> None:
    page = shown("/systems/sysNET")
    assert "全体を読み取りました" in page
    assert "権限を変更できます" in page
    assert "eNET" in page


def test_a_system_that_did_not_answer_is_unknown() -> None:
    models.SystemRead.objects.create(
        system_id="sysNET", read_at=sides.NOW, complete=False, accounts=0, holdings=0, failure="x", purpose="verify"
    )
    assert "応答がありませんでした" in shown("/systems/sysNET")
    assert "いまの保有状況が分かりません" in shown("/systems")


def test_the_holders_are_told_with_their_basis_and_as_known_then() -> None:
    page = shown("/systems/sysNET/holders")
    assert "PNET" in page
    assert "保有すべき" in page
    before = (sides.NOW - timedelta(days=3650)).date().isoformat()
    assert "PNET" not in shown(f"/systems/sysNET/holders?known={before}").replace("sysNET", "")


def test_a_grant_is_asked_for_approved_by_another_and_ended() -> None:
    asking = sites.client("tanaka", ("it_operation", "network"))
    path = ask(asking)
    own = asking.get(path).content.decode()
    assert "別の方が承認してください" in own
    assert 'value="approve"' not in own
    approving = sites.client("suzuki", ("compliance", "network"))
    approving.post(path, {"do": "approve"})
    assert "承認済" in approving.get(path).content.decode()
    approving.post(path, {"do": "end", "day": "2024-05-10"})
    assert models.Grant.objects.current().latest("pk").end.isoformat() == "2024-05-10"
    kinds = list(models.LedgerEntry.objects.order_by("-pk").values_list("leaf", flat=True)[:3])
    assert any(b"grant.ended" in bytes(leaf) for leaf in kinds)


def test_who_asked_may_withdraw() -> None:
    asking = sites.client("tanaka", ("it_operation", "network"))
    path = ask(asking)
    asking.post(path, {"do": "end"})
    assert "取り下げ" in asking.get(path).content.decode()
    approving = sites.client("suzuki", ("compliance", "network"))
    assert "という、承認できる個別付与はありません" in approving.post(path, {"do": "approve"}).content.decode()


def test_an_error_stands_beside_its_field_and_above_the_form() -> None:
    answer = sites.client("tanaka", ("it_operation", "network")).post("/grants/ask", {**ASKED, "person": "PX"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#person"' in page
    assert 'id="person-error"' in page
    assert 'aria-describedby="person-error person-help"' in page
    assert "夜間の対応" in page


def test_a_grant_of_the_folder_is_ended_there() -> None:
    row = models.Grant.objects.current().first()
    models.Grant.objects.filter(pk=row.pk).update(requested_by="folder", state="approved")
    client = sites.client("suzuki", ("compliance", "both"))
    assert "grants.csv" in client.post(f"/grants/{row.grant_id}", {"do": "end", "day": "2024-05-10"}).content.decode()
