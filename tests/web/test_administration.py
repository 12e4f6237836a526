"""The administration room: users, roles, parameters, days off; and what an administrator may not."""

import re

import pytest
from django.test import Client

import sites
from sekisho.store import models

pytestmark = pytest.mark.django_db
ROOMS = ("", "/parameters", "/calendar", "/changes", "/health")
PAGES = tuple(f"/administration{one}" for one in ROOMS)


@pytest.fixture
def kanri() -> Client:
    return sites.client("kanri", ("administrator", "both"))


def kinds() -> list[str]:
    return list(models.LedgerEntry.objects.order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("role", "status"), [("administrator", 200), ("compliance", 200), ("hr", 403), ("it_operation", 403)]
)
def test_the_installation_is_open_to_those_who_answer_for_it(path: str, role: str, status: int) -> None:
    assert sites.client("somebody", (role, "network")).get(path).status_code == status


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_the_room_reads_in_both_languages(path: str, language: str) -> None:
    page = sites.client("kanri", ("administrator", "both"), language=language).get(path).content.decode()
    assert f'<html lang="{language}">' in page


def test_a_new_user_signs_in_with_the_password_that_is_shown_once(kanri: Client) -> None:
    page = kanri.post("/administration", {"name": "tanaka"}).content.decode()
    password = re.search(r"<code>([^<]+)</code>", page)
    assert password
    client = Client(HTTP_HOST="localhost")
    client.post("/accounts/login/", {"login": "tanaka", "password": password[1]})
    assert client.get("/account").status_code == 200
    assert password[1] not in kanri.get("/administration").content.decode()
    assert "user.added" in kinds()


def test_a_name_that_is_taken_is_refused_and_what_was_typed_stays(kanri: Client) -> None:
    sites.user("tanaka")
    page = kanri.post("/administration", {"name": "tanaka"}).content.decode()
    assert "すでにいます" in page
    assert 'value="tanaka"' in page


def give(client: Client, name: str, **more: str) -> str:
    words = {"do": "give", "role": "compliance", "side": "both", "start": "2020-04-01", "end": ""} | more
    return client.post(f"/administration/users/{name}", words, follow=True).content.decode()


def test_a_role_is_given_with_its_days_and_opens_its_rooms(kanri: Client) -> None:
    sites.user("tanaka", ("employee", "network"), person="P3")
    give(kanri, "tanaka", end="2099-04-01")
    page = kanri.get("/administration/users/tanaka").content.decode()
    assert "2099年4月1日" in page
    assert "確認が必要です" in page
    assert sites.client("tanaka").get("/ledger").status_code == 403, "it waits"
    houmu = sites.client("houmu", ("compliance", "both"), person="P2")
    assert "あなたの確認を待つ" in houmu.get("/").content.decode()
    confirm(houmu)
    assert sites.client("tanaka").get("/ledger").status_code == 200
    assert "role.given" in kinds()


def confirm(client: Client) -> None:
    client.post(
        "/administration/proposals",
        {"do": "approve", "proposal": models.InstallationProposal.objects.latest("pk").pk},
    )


def test_compliance_refuses_a_proposal_on_its_page(kanri: Client) -> None:
    sites.user("tanaka", ("employee", "network"), person="P3")
    give(kanri, "tanaka", role="hr")
    houmu = sites.client("houmu", ("compliance", "both"), person="P2")
    words = {"do": "refuse", "proposal": models.InstallationProposal.objects.get().pk}
    assert "却下" in houmu.post("/administration/proposals", words, follow=True).content.decode()
    again = houmu.post("/administration/proposals", words)
    assert (again.status_code, "すでに" in again.content.decode()) == (422, True)
    assert not models.RoleAssignment.objects.filter(role="hr").exists()


def test_a_guarding_parameter_waits_on_the_parameters_page(kanri: Client) -> None:
    words = {"do": "change", "name": "lookback_days", "value": "400", "start": "2099-01-01", "reason": "r"}
    kanri.post("/administration/parameters", words)
    assert "確認が必要です" in kanri.get("/administration/parameters").content.decode()
    assert not models.Parameter.objects.exists()
    confirm(sites.client("houmu", ("compliance", "both"), person="P2"))
    assert models.Parameter.objects.get().value == 400


def test_a_renewed_sign_in_rests_and_the_users_page_says_so(kanri: Client) -> None:
    sites.user("tanaka", ("compliance", "both"), person="P3")
    kanri.post("/administration/users/tanaka", {"do": "renew"})
    assert "休止しています" in kanri.get("/administration/users/tanaka").content.decode()
    assert sites.client("tanaka").get("/ledger").status_code == 403


def test_a_role_ended_closes_its_rooms(kanri: Client) -> None:
    sites.user("tanaka")
    give(kanri, "tanaka", role="administrator")
    role = models.RoleAssignment.objects.current().get(user="tanaka")
    kanri.post("/administration/users/tanaka", {"do": "end", "role_id": role.pk, "end": "2020-05-01"})
    assert sites.client("tanaka").get("/ledger").status_code == 403
    assert models.RoleAssignment.objects.filter(user="tanaka").count() == 2, "what was known before stays"


def test_an_administrator_gives_himself_nothing(kanri: Client) -> None:
    assert "ほかの管理者に依頼してください" in give(kanri, "kanri")
    assert kanri.get("/ledger/1").status_code == 403


def test_a_role_of_users_csv_is_ended_there(kanri: Client) -> None:
    sites.user("tanaka", ("compliance", "both"))
    role = models.RoleAssignment.objects.get(user="tanaka")
    page = kanri.post(
        "/administration/users/tanaka", {"do": "end", "role_id": role.pk, "end": "2030-01-01"}, follow=True
    )
    assert "users.csv" in page.content.decode()
    assert models.RoleAssignment.objects.current().get(user="tanaka").end is None


def test_compliance_reads_the_installation_and_changes_nothing() -> None:
    sites.user("tanaka")
    client = sites.client("houmu", ("compliance", "both"))
    assert "管理者の役割がありません" in give(client, "tanaka")
    assert not models.RoleAssignment.objects.filter(user="tanaka").exists()


def test_a_sign_in_switched_off_ends_at_once(kanri: Client) -> None:
    other = sites.client("tanaka", ("compliance", "both"))
    kanri.post("/administration/users/tanaka", {"do": "off"})
    assert other.get("/ledger").status_code == 302


def test_a_parameter_is_set_from_a_day_on_with_a_reason(kanri: Client) -> None:
    words = {
        "do": "change",
        "name": "training_days",
        "value": "400",
        "start": "2099-01-01",
        "reason": "the board decided",
    }
    kanri.post("/administration/parameters", words)
    row = models.Parameter.objects.get()
    assert (row.value, row.start.isoformat()) == (400, "2099-01-01")
    assert "400" in kanri.get("/administration/parameters").content.decode()
    assert "parameter.changed" in kinds()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("value", "many", "使えません"), ("start", "2001-01-01", "過ぎています"), ("reason", "", "理由")],
)
def test_a_parameter_that_makes_no_sense_is_refused_with_its_reason(
    kanri: Client, field: str, value: str, words: str
) -> None:
    good = {"do": "change", "name": "lookback_days", "value": "400", "start": "2099-01-01", "reason": "r"}
    page = kanri.post("/administration/parameters", good | {field: value}).content.decode()
    assert words in page
    assert not models.Parameter.objects.exists()


def test_a_change_that_lies_ahead_is_taken_back(kanri: Client) -> None:
    words = {"do": "change", "name": "training_days", "value": "400", "start": "2099-01-01", "reason": "r"}
    kanri.post("/administration/parameters", words)
    assert "取り下げる" in kanri.get("/administration/parameters").content.decode()
    kanri.post("/administration/parameters", {"do": "withdraw", "name": "training_days", "start": "2099-01-01"})
    assert not models.Parameter.objects.current().exists()
    assert "parameter.withdrawn" in kinds()
    again = kanri.post("/administration/parameters", {"do": "withdraw", "name": "training_days", "start": "2099-01-01"})
    assert "取り下げられません" in again.content.decode()


def test_the_days_changes_are_told(kanri: Client) -> None:
    sites.user("tanaka")
    give(kanri, "tanaka", role="employee")
    page = kanri.get("/administration/changes").content.decode()
    assert "役割の付与" in page
    assert "tanaka" in page
    assert "変更はありません" in kanri.get("/administration/changes?day=2001-01-01").content.decode()


def test_national_holidays_stand_in_the_calendar(kanri: Client) -> None:
    page = kanri.get("/administration/calendar?year=2027").content.decode()
    assert "成人の日" in page
    assert "国民の祝日" in page


def test_an_error_stands_beside_its_field(kanri: Client) -> None:
    words = {"do": "change", "name": "training_days", "value": "400", "start": "2001-01-01", "reason": "r"}
    answer = kanri.post("/administration/parameters", words)
    assert answer.status_code == 422
    assert 'id="start-error"' in answer.content.decode()


def test_a_day_off_is_added_and_taken_back(kanri: Client) -> None:
    kanri.post("/administration/calendar", {"do": "add", "day": "2027-12-30", "name": "年末休業"})
    assert "年末休業" in kanri.get("/administration/calendar?year=2027").content.decode()
    kanri.post("/administration/calendar?year=2027", {"do": "remove", "day_id": models.Holiday.objects.get().pk})
    assert "年末休業" not in kanri.get("/administration/calendar?year=2027").content.decode()


def test_a_rehearsals_clock_can_be_set_by_an_administrator_only(kanri: Client) -> None:
    page = kanri.post("/administration/health", {"at": "2031-04-01T08:30"}, follow=True).content.decode()
    assert "2031年4月1日（火） 08:30" in page
    other = sites.client("houmu", ("compliance", "both"))
    assert (
        "管理者の役割がありません"
        in other.post("/administration/health", {"at": "2032-04-01T08:30"}, follow=True).content.decode()
    )


def test_the_users_are_taken_away_as_a_sheet_by_those_who_may() -> None:
    assert sites.client("houmu", ("compliance", "both")).get("/administration?sheet=users").content[:2] == b"PK"
    assert sites.client("kanri", ("administrator", "both")).get("/administration?sheet=users").status_code == 403
