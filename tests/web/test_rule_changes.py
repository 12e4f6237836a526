"""A change of the rules on the site: written, previewed in the background, proposed, approved side by side."""

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import rulerooms
import sides
import sites
from sekisho.services import rules, work
from sekisho.store import models

pytestmark = pytest.mark.django_db
LATER = sides.NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def home(at_the_day: Path) -> Path:
    """Stand in the two-sided world."""
    return at_the_day


def office() -> Client:
    return sites.client("houmu", ("compliance", "both"))


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def asked(client: Client, **changed: object) -> str:
    """Ask for a preview and return where it stands."""
    answer = client.post("/rules/preview", rulerooms.FORM | {"do": "ask"} | changed)
    return answer["Location"]


def done(home: Path) -> None:
    while work.step(home=home, clock=lambda: LATER):
        pass


def test_the_form_starts_from_a_rule_or_from_nothing() -> None:
    client = office()
    assert "desk" in text(client, "/rules/preview")
    page = text(client, "/rules/preview?rule=desk")
    assert "いまの 1 版をもとにしています" in page
    assert 'value="central_dispatch" checked' in page
    assert 'name="neutral_stay_days"' not in page, "posts held at once ask for no days"
    assert 'name="neutral_stay_days"' in text(client, "/rules/preview?new=1")


def test_a_preview_goes_on_in_the_background_and_survives_a_reload(home: Path) -> None:
    client = office()
    path = asked(client)
    waiting = text(client, path)
    assert "影響を調べています" in waiting
    assert "data-hx-get" in waiting
    assert "待機中" in text(client, path)
    done(home)
    page = text(client, path)
    assert "新たに該当2件" in page
    assert "PNET2" in page
    assert "PAFF2" in page
    part = client.get(f"{path}?only=progress", HTTP_HX_REQUEST="true")
    assert part["HX-Refresh"] == "true"


def test_each_office_reads_its_own_and_hr_of_one_side_nothing_of_the_other(home: Path) -> None:
    path = asked(office())
    done(home)
    mine = text(sites.client("jinji-hn", ("hr", "network")), path)
    assert "PNET2" in mine
    assert "PAFF" not in mine
    assert "新たに該当1件" in mine


@pytest.mark.parametrize(
    ("changed", "sentence", "field"),
    [
        ({"start": "2024-01-01"}, "過去の日です", "start"),
        ({"start": ""}, "適用する日", "start"),
        ({"rule": " "}, "規則のIDを入力してください", "rule"),
        ({"from_classes": []}, "少なくとも一つ選んでください", "from_classes"),
        ({"neutral_stay_days": "-3"}, "日数として読み取れません", "neutral_stay_days"),
        ({"since": "x"}, "x", "since"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(changed: dict[str, object], sentence: str, field: str) -> None:
    answer = office().post("/rules/preview", rulerooms.FORM | {"do": "ask"} | changed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page or field == "start"
    assert f'href="#{field}"' in page
    assert not models.Job.objects.exists()


def test_from_the_preview_to_the_rule_in_force_by_four_people(home: Path) -> None:
    client = office()
    path = asked(client)
    done(home)
    answer = client.post(path, rulerooms.PROPOSAL | {"do": "propose"})
    change = answer["Location"]
    assert "送配電側の承認待ち：nameNET9（PNET9）" in text(client, change)
    assert 'value="approve"' not in text(client, change), "never by who proposed it"
    for name, side, person in (("net", "network", "PNET9"), ("aff", "affiliate", "PAFF9")):
        approver = sites.client(name, ("executive", side), person=person)
        assert "あなたの承認を待っているもの" in text(approver, "/rules/changes")
        assert "規則の変更の提案があります（1件中1件）" in text(approver, "/")
        assert 'value="approve"' in text(approver, change)
        approver.post(change, {"do": "approve"})
    assert "採用されました" in text(client, change)
    assert [one.version for one in rules.rules(known_at=LATER) if one.id == "wide"] == ["9"]
    assert "この画面で採用" in text(client, "/rules/rule/wide")
    assert {job.kind for job in models.Job.objects.all()} == {"preview", "check", "rescreen"}
    done(home)
    assert {job.state for job in models.Job.objects.all()} == {"done"}


def test_a_new_rule_with_texts_posts_and_companies_is_adopted_and_stands_in_rules_toml(home: Path) -> None:
    client = office()
    new = {"rule": "board", "posts": "1", "from_post_classes": ["officer"], "to_status": ["affiliate"]}
    path = asked(client, **new, text_ja="役員は移らない", text_en="no officer moves", source="§9")
    done(home)
    shown = text(client, path)
    assert "役員は移らない" in shown
    sent = {"version": "1", "reason": "r", "text_ja": "役員は移らない", "text_en": "no officer moves", "source": "§9"}
    change = client.post(path, sent | {"do": "propose"})["Location"]
    for name, side, person in (("net", "network", "PNET9"), ("aff", "affiliate", "PAFF9")):
        sites.client(name, ("executive", side), person=person).post(change, {"do": "approve"})
    kept = tomllib.loads(text(client, "/rules/rules.toml"))
    (rule,) = [one for one in kept["rule"] if one["id"] == "board"]
    assert (rule["from_post_classes"], rule["to_status"]) == (["officer"], ["affiliate"])
    assert rule["text"] == {"ja": "役員は移らない", "en": "no officer moves"}
    page = text(client, "/rules/preview?rule=board")
    assert 'name="from_post_classes" value="officer" checked' in page
    assert "役員は移らない" in page


def test_a_proposal_without_a_reason_keeps_what_was_typed(home: Path) -> None:
    client = office()
    path = asked(client)
    done(home)
    answer = client.post(path, rulerooms.PROPOSAL | {"do": "propose", "reason": " ", "text_en": "typed before"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "変更の提案には理由が必要です" in page
    assert "typed before" in page


def test_rules_toml_is_taken_away_with_a_proposal_in_it() -> None:
    change = rulerooms.proposed()
    client = office()
    assert 'id = "wide"' in text(client, f"/rules/rules.toml?change={change}")
    assert 'id = "wide"' not in text(client, "/rules/rules.toml")


def test_a_change_that_is_none_is_not_found() -> None:
    client = office()
    for path in ("/rules/changes/99999", "/rules/preview/99999"):
        assert client.get(path).status_code == 404


def test_who_may_not_ask_is_told_and_sees_proposals() -> None:
    client = sites.client("kansa", ("internal_audit", "both"))
    assert "調べられるのは、人事とコンプライアンスの担当者です" in text(client, "/rules/preview?rule=desk")
    change = rulerooms.proposed()
    assert "wide" in text(client, "/rules/changes")
    assert 'value="withdraw"' not in text(client, f"/rules/changes/{change}")


def test_pages_take_as_many_queries_however_much_is_on_them() -> None:
    client = sites.client("houmu-hn", ("compliance", "network"))
    counts = []
    for number in range(2):
        for _ in range(3):
            rulerooms.proposed()
        client.get("/rules/changes")
        with CaptureQueriesContext(connection) as asked_for:
            client.get("/rules/changes")
        counts.append(len(asked_for))
        assert number < 2
    assert counts[0] == counts[1]
