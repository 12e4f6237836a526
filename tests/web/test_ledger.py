"""The ledger's room: the window without an outside keeper, a check, a pack taken away, entries found."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

import sides
import sites
from sekisho.services import installation, ledger, signing, work
from sekisho.store import models

pytestmark = pytest.mark.django_db


KEYS = signing.keys_folder()
"""Where the world's entries were signed: before its home became the site's."""


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world, with the key that signed its entries, and every entry in its place."""
    shutil.copytree(KEYS, at_the_day / "keys", dirs_exist_ok=True)
    ledger.sequence(now=sides.NOW)


def houmu(side: str = "both") -> Client:
    return sites.client("houmu", ("compliance", side))


def do_work() -> None:
    """Let a worker do everything that is due."""
    while work.step(home=Path(settings.HOME), clock=lambda: installation.clock(home=settings.HOME)):
        pass


def test_without_a_keeper_outside_everything_could_be_rewritten_unseen() -> None:
    page = houmu().get("/ledger").content.decode()
    assert "まだできません" in page
    assert "まだ誰にも預けていません" in page


def test_a_checkpoint_given_outside_ends_the_window() -> None:
    client = houmu()
    refused = client.post("/ledger", {"do": "hand", "holder": " "})
    assert refused.status_code == 422
    assert 'id="holder-error"' in refused.content.decode()
    client.post("/ledger", {"do": "hand", "holder": "監査法人A", "way": "メール"})
    page = client.get("/ledger").content.decode()
    assert "監査法人Aが預かるチェックポイント" in page
    assert "その後の" in page  # the entry that says so stands after it


def test_the_whole_ledger_is_checked_by_a_worker_and_the_answer_stands_there() -> None:
    client = houmu()
    client.post("/ledger", {"do": "verify"})
    do_work()
    assert "計算し直し、一致しました" in client.get("/ledger").content.decode()


def test_a_pack_is_made_and_taken_only_by_who_may_export_it() -> None:
    client = houmu("network")
    assert (
        "すべて"
        not in client.get("/ledger").content.decode().split("page-pack")[0].split("証跡一式を作成する")[0][-200:]
    )
    client.post("/ledger", {"do": "pack", "side": "network"})
    do_work()
    job = models.Job.objects.latest("pk")
    assert job.state == "done", job.error
    path = f"/ledger/packs/{job.pk}"
    assert path in client.get("/ledger").content.decode()
    answer = client.get(path)
    names = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()  # type: ignore[attr-defined]  # a file's answer streams
    answer.close()
    assert {"pack/verify.py", "pack/checkpoint", "pack/entries.jsonl"} <= set(names)
    assert models.LedgerEntry.objects.filter(kind="pack.taken").exists()
    for role, side in (("compliance", "affiliate"), ("it_operation", "network"), ("executive", "both")):
        other = sites.client(f"{role}-{side}", (role, side))
        assert other.get(path).status_code in {403, 404}, role
        assert path not in other.get("/ledger").content.decode()


def test_a_pack_of_the_other_side_is_refused() -> None:
    answer = houmu("network").post("/ledger", {"do": "pack", "side": "affiliate"})
    assert answer.status_code == 422
    assert not models.Job.objects.filter(kind="pack").exists()


def test_entries_are_found_by_kind_person_and_day() -> None:
    client = houmu()
    page = client.get("/ledger?kind=grant.requested").content.decode()
    assert page.count("個別付与の申請</a>") == models.LedgerEntry.objects.filter(kind="grant.requested").count()
    person = models.LedgerEntry.objects.exclude(person_id=None).values_list("person_id", flat=True).first()
    found = client.get(f"/ledger?person={person}").content.decode()
    assert models.LedgerEntry.objects.filter(person_id=person).count() == found.count('<td role="cell" class="moment"')
    assert "条件に合う記録はありません" in client.get("/ledger?to=2001-01-01").content.decode()


def test_an_entry_tells_a_stranger_how_to_check_it() -> None:
    entry = models.LedgerEntry.objects.filter(position__isnull=False, side="network").latest("pk")
    page = houmu().get(f"/ledger/{entry.entry_id}").content.decode()
    assert "第三者が検証する手順" in page
    assert "verify.py" in page
