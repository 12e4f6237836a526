"""The import room: what was taken, what not and why, and rows mended in place."""

import io
import re
from pathlib import Path

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import hr_files
import sites
from sekisho.intake.order_files import read_order_file
from sekisho.intake.profiles import PLAIN
from sekisho.services import installation
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


def bad(page: str) -> list[str]:
    """Return the values of the cells that are marked as wrong."""
    inputs = re.findall(r"<input name=[^>]*>", page)
    found = [re.search(r'value="([^"]*)"', one) for one in inputs if 'aria-invalid="true"' in one]
    return [one[1] for one in found if one]


@pytest.mark.parametrize("kind", ["cp932", "xlsx"])
def test_a_rejected_cell_is_marked_with_its_reason_and_mended_in_place(kind: str) -> None:
    content = hr_files.csv_bytes(rows(), "cp932") if kind == "cp932" else hr_files.xlsx_bytes(rows())
    client = hr()
    page = upload(client, content, "発令.csv" if kind == "cp932" else "発令.xlsx")
    assert "2行中、取込1行、不備1行" in page
    assert bad(page) == ["2024/02/30"]
    assert "という日付は存在しません" in page
    first = models.OrderFile.objects.latest("pk")
    page = client.post(f"/imports/{first.pk}", {"do": "mend", "|3|effective_date": "2024/05/01"}, follow=True)
    assert "1行中、取込1行、不備0行" in page.content.decode()
    mended = models.OrderFile.objects.latest("pk")
    assert (mended.accepted, mended.stored.mends_id) == (1, first.pk)
    assert models.Order.objects.filter(order_no="A-2").exists()
    page = client.get(f"/imports/{first.pk}").content.decode()
    assert mended.name in page
    assert "不備のうち1行は直して取り込み直し、残りは0行です" in page
    assert bad(page) == [], "what was mended is not mended again"
    assert "直していない行はありません" in client.get("/imports").content.decode()


def test_the_sheet_stands_as_it_came_and_is_filtered_to_bad_rows() -> None:
    client = hr()
    upload(client, hr_files.csv_bytes([[*one, "x"] if n else [*one, "謎の列"] for n, one in enumerate(rows())]))
    first = models.OrderFile.objects.latest("pk")
    page = client.get(f"/imports/{first.pk}").content.decode()
    assert "A-2" in page
    assert "A-1" not in page, "rejected rows first"
    page = client.get(f"/imports/{first.pk}?show=all").content.decode()
    assert "A-1" in page
    assert "読み取らない列" in page
    assert "謎の列" in page
    assert "注意のある行はありません" in client.get(f"/imports/{first.pk}?show=warned").content.decode()


def test_mending_nothing_says_so_beside_the_sheet_and_keeps_what_was_typed() -> None:
    client = hr()
    upload(client, hr_files.csv_bytes(rows()))
    first = models.OrderFile.objects.latest("pk")
    answer = client.post(f"/imports/{first.pk}", {"do": "mend", "|3|effective_date": "2024/02/30"})
    assert answer.status_code == 409
    assert "どのセルも変更されていません" in answer.content.decode()
    assert bad(answer.content.decode()) == ["2024/02/30"]


def test_a_mended_cell_that_is_still_wrong_is_rejected_again_with_its_reason() -> None:
    client = hr()
    upload(client, hr_files.csv_bytes(rows()))
    first = models.OrderFile.objects.latest("pk")
    words = {"do": "mend", "|3|effective_date": "someday"}
    page = client.post(f"/imports/{first.pk}", words, follow=True).content.decode()
    assert bad(page) == ["someday"]
    assert "続けて直してください" in page


def test_rejected_rows_are_taken_away_with_their_reasons_and_come_back_mended() -> None:
    client = hr()
    upload(client, hr_files.xlsx_bytes([["2024年5月の異動"], *rows()]), "発令.xlsx")
    first = models.OrderFile.objects.latest("pk")
    content = client.get(f"/imports/{first.pk}/rejected").content
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert sheet[0][:3] == ["元のファイルのシート", "元のファイルの行", "不備の理由"]
    assert sheet[1][1] == "4"
    assert "存在しません" in str(sheet[1][2])
    sheet[1][sheet[0].index("発令日")] = "2024/05/01"
    sent = {"do": "sheet", "file": SimpleUploadedFile("back.xlsx", hr_files.xlsx_bytes(sheet))}
    assert "取込1行、不備0行" in client.post(f"/imports/{first.pk}", sent, follow=True).content.decode()
    assert models.OrderFile.objects.get(pk=first.pk).mended == 1


def test_the_sheet_of_rejected_rows_is_also_read_as_any_file() -> None:
    client = hr()
    upload(client, hr_files.csv_bytes(rows()))
    first = models.OrderFile.objects.latest("pk")
    content = client.get(f"/imports/{first.pk}/rejected").content
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    sheet[1][sheet[0].index("発令日")] = "2024/05/01"
    page = upload(client, hr_files.xlsx_bytes(sheet), "again.xlsx")
    assert "1行中、取込1行、不備0行" in page
    assert "読み取りませんでした" not in page, "our own columns are not unknown"


def test_the_same_file_twice_changes_nothing_and_says_so() -> None:
    client = hr()
    content = hr_files.csv_bytes(rows()[:2])
    upload(client, content)
    before = models.Order.objects.count()
    assert "何も変わりませんでした" in upload(client, content)
    assert models.Order.objects.count() == before


def test_a_status_is_chosen_for_the_whole_file() -> None:
    upload(hr(), hr_files.csv_bytes(rows()[:2]), status="draft")
    assert models.Order.objects.latest("pk").status == "draft"


def test_bytes_that_are_no_character_are_shown_and_rejected() -> None:
    content = hr_files.csv_bytes(rows()[:2], "cp932").replace(b"A-1", b"A-\x81")
    page = upload(hr(), content)
    assert "文字コードでは文字にならない" in page
    assert "\\x81" in page


def test_a_question_for_a_home_without_any_file_is_how_to_begin() -> None:
    models.Order.objects.all().delete()
    models.OrderFile.objects.all().delete()
    page = hr().get("/imports").content.decode()
    assert "最初にすること" in page
    assert all(word in page for word in ("発令番号", "社員番号", "発令日", "発令区分", "/imports/sample"))


def test_the_sample_is_read_without_a_word_about_its_columns() -> None:
    content = hr().get("/imports/sample").content
    reading = read_order_file(content, "sample.xlsx", PLAIN, installation.DEFAULT_ZONE)
    assert (len(reading.rows), reading.rejected, reading.warnings) == (2, (), ())


def test_a_file_that_is_no_table_is_refused_and_nothing_is_taken() -> None:
    before = models.OrderFile.objects.count()
    page = upload(hr(), b"\x00\x01\x02 nothing", "x.xlsx")
    assert 'id="file-error"' in page
    assert models.OrderFile.objects.count() == before


def test_without_a_file_the_page_says_what_to_do() -> None:
    assert "ファイルを選んでください" in hr().post("/imports", {"do": "take"}).content.decode()


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


def test_the_room_reads_in_english_too() -> None:
    page = sites.client("z", ("hr", "both"), language="en").get("/imports").content.decode()
    assert "What was taken from this file?" in page


def test_a_page_of_fifty_wide_rows_is_mended_in_one_go_and_nothing_typed_is_lost() -> None:
    client = hr()
    wide = [*HEADER, *(f"備考{n}" for n in range(19))]
    bad_rows = [[f"A-{n}", "?", "2024/02/30", "異動", "?", *["x"] * 19] for n in range(50)]
    upload(client, hr_files.csv_bytes([wide, *bad_rows]))
    first = models.OrderFile.objects.latest("pk")
    typed = {f"|{row}|{name}": "2024/02/30" for row in range(2, 52) for name in (f"f{n}" for n in range(24))}
    answer = client.post(f"/imports/{first.pk}", {"do": "mend", **typed})
    assert len(typed) == 50 * 24
    assert answer.status_code in {302, 409, 422}, "read and answered by the page itself, not refused for its size"
    assert "A-49" in client.get(f"/imports/{first.pk}").content.decode()
