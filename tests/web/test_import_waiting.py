"""Files that wait: for their columns to be named, for vanished people to be confirmed, for the worker."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import hr_files
import sites
from sekisho.services import installation, order_uploads, work
from sekisho.store import models

pytestmark = pytest.mark.django_db
STRANGE = ["整理番号", "通し番号", "効力の日", "種類", "行き先"]


@pytest.fixture(autouse=True)
def company(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def hr(name: str = "jinji", side: str = "both") -> Client:
    return sites.client(name, ("hr", side))


def send(client: Client, content: bytes, name: str = "発令.csv", **words: str) -> tuple[str, str]:
    """Send a file; return where it led and what the page says."""
    sent = {"do": "take", "file": SimpleUploadedFile(name, content)} | words
    answer = client.post("/imports", sent, follow=True)
    return str(answer.request["PATH_INFO"]), answer.content.decode()


def strange() -> bytes:
    return hr_files.csv_bytes([["人事部", "", "", "", ""], STRANGE, ["A-1", "NNET4", "2024/05/01", "10", "UNET1"]])


MAPPED = {
    "header0": "整理番号",
    "field0": "order_no",
    "header1": "通し番号",
    "field1": "employee_no",
    "header2": "効力の日",
    "field2": "effective_date",
    "header3": "種類",
    "field3": "order_type",
    "header4": "行き先",
    "field4": "to_unit",
    "header_row": "2",
}


def test_a_file_without_its_columns_takes_nothing_names_them_and_asks() -> None:
    before = models.Order.objects.count()
    where, page = send(hr(), strange())
    assert where.startswith("/imports/waiting/")
    assert "まだ何も取り込んでいません" in page
    assert all(word in page for word in ("発令番号", "社員番号", "発令日", "発令区分"))
    assert all(f"「{word}」の意味" in page for word in STRANGE), "the row with the most words is taken for the heading"
    assert models.Order.objects.count() == before


def test_naming_the_columns_shows_how_they_read_and_which_words_are_unknown() -> None:
    client = hr()
    where, _ = send(client, strange())
    page = client.post(where, {"do": "look", **MAPPED}).content.decode()
    assert "必須の列はすべて見つかりました" in page
    assert '<label for="value0">10</label>' in page


def test_a_profile_is_saved_and_the_file_and_the_next_one_are_taken_by_it() -> None:
    client = hr()
    where, _ = send(client, strange())
    words = {"do": "save", "profile_name": "人事2024", "word0": "10", "value0": "transfer", **MAPPED}
    page = client.post(where, words, follow=True).content.decode()
    assert "1行中、取込1行、不備0行" in page
    assert models.Order.objects.filter(order_no="A-1", order_type="transfer").exists()
    assert not models.OrderUpload.objects.exists()
    where, page = send(client, strange().replace(b"A-1", b"A-7"), profile="人事2024")
    assert "取込1行" in page


def test_a_profile_needs_a_name_and_the_page_keeps_what_was_chosen() -> None:
    client = hr()
    where, _ = send(client, strange())
    answer = client.post(where, {"do": "save", "profile_name": " ", **MAPPED})
    assert answer.status_code == 422
    assert "名前を付けてください" in answer.content.decode()
    assert '<option value="order_no" selected>' in answer.content.decode()


def test_a_file_is_looked_at_first_where_that_is_asked_for() -> None:
    client = hr()
    header = ["発令番号", "社員番号", "発令日", "発令区分", "新所属"]
    content = hr_files.csv_bytes([header, ["A-1", "NNET4", "2024/05/01", "異動", "UNET1"]])
    where, page = send(client, content, look="1")
    assert where.startswith("/imports/waiting/")
    assert "必須の列はすべて見つかりました（1行）" in page


def snapshot(*numbers: str) -> bytes:
    units = {"NET": "UNET", "AFF": "UAFF"}
    rows = [[one, f"{units[one[1:4]]}{1 if one[4] < '3' else 2}"] for one in numbers]
    return hr_files.csv_bytes([["社員番号", "所属コード"], *rows])


def test_a_snapshot_in_which_people_vanish_stops_and_says_who() -> None:
    before = models.Order.objects.count()
    where, page = send(hr(), snapshot("NNET1", "NNET2", "NNET3"), kind="snapshot")
    assert where.startswith("/imports/waiting/")
    assert "まだ何も取り込んでいません" in page
    assert "nameNET4" in page
    assert models.Order.objects.count() == before


def test_only_the_right_number_lets_them_go() -> None:
    client = hr()
    where, _ = send(client, snapshot("NNET1", "NNET2", "NNET3"), kind="snapshot")
    gone = models.OrderUpload.objects.latest("pk").facts["vanished"]
    answer = client.post(where, {"do": "gone", "gone": "1"}, follow=True)
    assert "何も取り込んでいません" in answer.content.decode()
    assert not models.Order.objects.filter(order_type="leave_company").exists()
    client.post(where, {"do": "gone", "gone": gone})
    assert models.Order.objects.filter(order_type="leave_company").count() == int(gone)


def test_one_sides_hr_learns_nobody_of_the_other_by_an_empty_snapshot() -> None:
    """Law 8: an empty list says that everybody vanishes, and the guard would name them."""
    where, page = send(hr("x", "network"), hr_files.csv_bytes([["社員番号", "所属コード"]]), kind="snapshot")
    assert where == "/imports"
    assert "AFF" not in page
    assert not models.OrderUpload.objects.exists()


def test_a_waiting_file_is_only_his_who_brought_it() -> None:
    where, _ = send(hr(), strange())
    assert hr("another").get(where).status_code == 404


def test_a_file_is_let_go_of() -> None:
    client = hr()
    where, _ = send(client, strange())
    assert "何も取り込んでいません" in client.post(where, {"do": "drop"}, follow=True).content.decode()
    assert not models.OrderUpload.objects.exists()


def test_a_long_file_is_taken_by_the_worker_and_its_page_may_be_left(
    monkeypatch: pytest.MonkeyPatch, at_the_day: Path
) -> None:
    monkeypatch.setattr(order_uploads, "MANY_ROWS", 1)
    client = hr()
    header = ["発令番号", "社員番号", "発令日", "発令区分", "新所属"]
    content = hr_files.csv_bytes([header, ["A-1", "NNET4", "2024/05/01", "異動", "UNET1"]])
    where, page = send(client, content)
    assert "順番を待っています" in page
    assert where in client.get("/imports").content.decode(), "the room leads back to it"
    assert work.step(home=at_the_day, clock=lambda: installation.clock(home=at_the_day))
    answer = client.get(where, follow=True)
    assert answer.request["PATH_INFO"] == f"/imports/{models.OrderFile.objects.latest('pk').pk}"
    assert models.Order.objects.filter(order_no="A-1").exists()


def test_a_long_file_that_names_no_columns_asks_for_them_too(monkeypatch: pytest.MonkeyPatch, at_the_day: Path) -> None:
    monkeypatch.setattr(order_uploads, "MANY_ROWS", 1)
    client = hr()
    where, _ = send(client, strange())
    assert work.step(home=at_the_day, clock=lambda: installation.clock(home=at_the_day))
    assert "まだ何も取り込んでいません" in client.get(where).content.decode()


def test_the_list_of_movers_is_signed_by_hr_only_and_says_what_it_guards() -> None:
    content = hr_files.csv_bytes([["社員番号", "発令番号", "発令日"], ["NNET2", "A-1", "2024/05/01"]])
    before = models.Manifest.objects.count()
    sent = {"do": "manifest", "file": SimpleUploadedFile("movers.csv", content)}
    houmu = sites.client("houmu", ("compliance", "both"))
    assert houmu.post("/imports/movers", sent, follow=True).status_code == 403
    assert models.Manifest.objects.count() == before
    sent["file"].seek(0)
    page = hr().post("/imports/movers", sent, follow=True).content.decode()
    assert "署名しました" in page
    assert models.Manifest.objects.count() == before + 1


def test_who_has_orders_and_is_not_expected_is_named_before_any_plan_holds_him() -> None:
    client = hr()
    header = ["発令番号", "社員番号", "発令日", "発令区分", "新所属"]
    rows = [["A-1", f"NNET{n}", "2024/05/01", "異動", "UNET1"] for n in (3, 4)]
    send(client, hr_files.csv_bytes([header, *rows]), status="final")
    page = client.get("/imports/movers").content.decode()
    assert "署名された名簿がありません" in page
    listed = hr_files.csv_bytes([["社員番号", "発令番号", "発令日"], ["NNET3", "A-1", "2024/05/01"], ["?", "A-1", "x"]])
    sent = {"do": "manifest", "file": SimpleUploadedFile("movers.csv", listed)}
    page = client.post("/imports/movers", sent).content.decode()
    assert "1行は読めませんでした" in page
    page = client.get("/imports/movers").content.decode()
    assert "nameNET4（PNET4）" in page
    assert "nameNET3（PNET3）" not in page


@pytest.mark.parametrize(
    ("path", "words"), [("/imports/movers", "Who is expected to move"), ("/imports", "Take a file")]
)
def test_it_reads_in_english_too(path: str, words: str) -> None:
    assert words in sites.client("z", ("hr", "both"), language="en").get(path).content.decode()
