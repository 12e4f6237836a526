"""The import room: what was taken, what not and why, and rows mended in place."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import hr_files
import sites
from sekisho.store import models

pytestmark = pytest.mark.django_db
HEADER = ["発令番号", "社員番号", "発令日", "発令区分", "新所属"]


@pytest.fixture(autouse=True)
def company(at_the_day: Path) -> None:
    """Stand in the two-sided world; its people have numbers there."""


def rows() -> list[list[str]]:
    numbers = list(
        models.EmployeeNumber.objects.filter(company="NW").order_by("pk").values_list("employee_no", flat=True)
    )
    unit = models.Unit.objects.filter(company="NW").order_by("pk").last()
    assert unit is not None
    good = ["A-1", numbers[0], "2024/05/01", "異動", unit.code]
    return [HEADER, good, ["A-2", numbers[1], "2024/02/30", "異動", unit.code]]


def upload(client: Client, content: bytes, name: str = "発令.csv", **words: str) -> str:
    sent = {"do": "take", "status": "final", "file": SimpleUploadedFile(name, content)} | words
    return client.post("/imports", sent, follow=True).content.decode()


def hr() -> Client:
    return sites.client("jinji", ("hr", "both"))


@pytest.mark.parametrize("kind", ["cp932", "xlsx"])
def test_a_rejected_cell_is_marked_with_its_reason_and_mended_in_place(kind: str) -> None:
    content = hr_files.csv_bytes(rows(), "cp932") if kind == "cp932" else hr_files.xlsx_bytes(rows())
    client = hr()
    page = upload(client, content, "発令.csv" if kind == "cp932" else "発令.xlsx")
    assert "2行中、1行を取り込み、1行を却下" in page
    assert 'value="2024/02/30" aria-invalid="true"' in page
    first = models.OrderFile.objects.latest("pk")
    page = client.post(f"/imports/{first.pk}", {"|3|effective_date": "2024/05/01"}, follow=True).content.decode()
    assert "1行中、1行を取り込み、0行を却下" in page
    mended = models.OrderFile.objects.latest("pk")
    assert (mended.accepted, mended.stored.mends_id) == (1, first.pk)
    assert models.Order.objects.filter(order_no="A-2").exists()
    assert mended.name in client.get(f"/imports/{first.pk}").content.decode()


def test_mending_nothing_says_so() -> None:
    client = hr()
    upload(client, hr_files.csv_bytes(rows()))
    first = models.OrderFile.objects.latest("pk")
    words = {"|3|effective_date": "2024/02/30"}
    assert "どのセルも変更されていません" in client.post(f"/imports/{first.pk}", words, follow=True).content.decode()


def test_a_mended_cell_that_is_still_wrong_is_rejected_again_with_its_reason() -> None:
    client = hr()
    upload(client, hr_files.csv_bytes(rows()))
    first = models.OrderFile.objects.latest("pk")
    page = client.post(f"/imports/{first.pk}", {"|3|effective_date": "someday"}, follow=True).content.decode()
    assert 'value="someday" aria-invalid="true"' in page


def test_the_reasons_are_taken_away_as_a_sheet() -> None:
    client = hr()
    upload(client, hr_files.csv_bytes(rows()))
    first = models.OrderFile.objects.latest("pk")
    assert client.get(f"/imports/{first.pk}?sheet=rejected").content[:2] == b"PK"


def test_a_file_that_is_no_table_is_refused_and_nothing_is_taken() -> None:
    before = models.OrderFile.objects.count()
    page = upload(hr(), b"\x00\x01\x02 nothing", "x.xlsx")
    assert 'class="notice error"' in page
    assert models.OrderFile.objects.count() == before


def test_without_a_file_the_page_says_what_to_do() -> None:
    assert "ファイルを選んでください" in hr().post("/imports", {"do": "take"}, follow=True).content.decode()


def test_only_hr_and_compliance_import() -> None:
    client = sites.client("kansa", ("internal_audit", "both"))
    before = models.OrderFile.objects.count()
    assert "取り込む役割がありません" in upload(client, hr_files.csv_bytes(rows()))
    assert models.OrderFile.objects.count() == before


@pytest.mark.parametrize("role", ["it_operation", "unit_head", "employee", "administrator"])
def test_who_has_no_business_with_hrs_files_is_refused(role: str) -> None:
    assert sites.client("x", (role, "both")).get("/imports").status_code == 403


def test_one_sides_hr_reads_no_file_that_another_brought() -> None:
    upload(hr(), hr_files.csv_bytes(rows()))
    first = models.OrderFile.objects.latest("pk")
    other = sites.client("y", ("hr", "affiliate"))
    assert other.get(f"/imports/{first.pk}").status_code == 404
    assert "A-2" not in other.get("/imports").content.decode()


def test_the_list_of_movers_is_signed_by_hr_only() -> None:
    content = hr_files.csv_bytes([["社員番号", "発令番号", "発令日"], [rows()[1][1], "A-1", "2024/05/01"]])
    before = models.Manifest.objects.count()
    upload(sites.client("houmu", ("compliance", "both")), content, do="manifest")
    assert models.Manifest.objects.count() == before
    assert "署名しました" in upload(hr(), content, do="manifest")
    assert models.Manifest.objects.count() == before + 1


def test_the_room_reads_in_english_too() -> None:
    page = sites.client("z", ("hr", "both"), language="en").get("/imports").content.decode()
    assert "What was taken from this file?" in page
