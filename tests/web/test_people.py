"""People and units: two days, what was learned later, access, the chart; and the search that leads there."""

from datetime import date, timedelta
from pathlib import Path

import pytest

import sides
import sites
from sekisho.intake.characters import spellings
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def day(at_the_day: Path) -> None:
    """Stand in the two-sided world."""


def shown(path: str, *role: tuple[str, str], language: str = "ja") -> str:
    return sites.client("houmu", *(role or (("compliance", "both"),)), language=language).get(path).content.decode()


def learned_late() -> None:
    """Let the move become known only yesterday."""
    order = models.Order.objects.filter(status="final", person_id="PNET2").latest("pk")
    models.Order.objects.filter(pk=order.pk).update(recorded_at=sides.NOW - timedelta(days=1))


def test_a_person_is_told_of_on_a_day_with_his_access() -> None:
    page = shown("/people/PNET1")
    assert "権限" in page
    assert '<td role="cell" class="text" data-label="権限">eNET' in page
    assert "sysNET" in page


def test_what_was_not_known_then_is_said_in_a_sentence_and_marked() -> None:
    learned_late()
    before = (sides.NOW - timedelta(days=2)).date().isoformat()
    page = shown(f"/people/PNET2?known={before}")
    assert "把握していませんでした" in page
    assert "未把握" in page
    english = shown(f"/people/PNET2?known={before}", language="en")
    assert "was not known yet" in english


def test_before_anything_was_known_the_page_says_so() -> None:
    page = shown("/people/PNET2?known=2001-01-01")
    assert "何も把握していませんでした" in page


def test_a_head_of_hr_reads_posts_but_no_access() -> None:
    page = shown("/people/PNET1", ("hr", "network"))
    assert ">eNET" not in page
    assert "その側の担当者だけ" in page


def test_a_nonsense_day_is_refused_in_words() -> None:
    answer = sites.client("houmu", ("compliance", "both")).get("/people/PNET1?on=tomorrow")
    assert answer.status_code == 422
    assert "日付として読み取れません" in answer.content.decode()


def test_the_chart_leads_to_units_and_says_which_nobody_has_classified() -> None:
    models.Unit.objects.filter(code="UNET2").update(classes="?")
    page = shown("/people")
    assert "/units/UNET1" in page
    assert "区分未確認" in page
    assert "区分が未確認です" in shown("/units/UNET2")


def test_a_company_tells_its_status_over_time() -> None:
    row = models.Company.objects.get(code=sides.COMPANY["affiliate"])
    models.Company.objects.filter(pk=row.pk).update(end=date(2022, 4, 1))
    row.pk, row.start, row.status = None, date(2022, 4, 1), "subsidiary"
    row.save(force_insert=True)
    page = shown(f"/companies/{row.code}")
    assert "子会社" in page
    assert "特定関係事業者" in page
    assert sites.client("x", ("compliance", "both")).get("/companies/none").status_code == 404


def test_names_are_found_however_they_are_written() -> None:
    models.PersonName.objects.filter(person_id="PNET1").update(name="髙橋　花子", kana="タカハシ ハナコ")
    for words in ("高橋花子", "髙橋 花子", "たかはし", "ﾀｶﾊｼ", "PNET1"):
        assert "髙橋" in shown(f"/search?q={words}"), words


def test_spellings_stay_few() -> None:
    assert len(spellings("高崎浜辺斎沢広国島高崎浜辺斎沢")) <= 25
    assert "髙橋" in spellings("高橋")
