from datetime import date, datetime, timedelta

import pytest

import hr_files
from hr_files import NOW, reasons
from sekisho.core.kinds import PersonId
from sekisho.services import orders, people
from sekisho.services.snapshots import PeopleVanish
from sekisho.store import models

pytestmark = pytest.mark.django_db

HEADER = ("社員番号", "会社コード", "所属コード", "兼務所属コード1", "休職区分")
EVERYONE = (("00101", "NW", "N1", "", ""), ("00102", "NW", "N1", "", ""), ("00103", "NW", "N1", "", ""))
TODAY = date(2024, 3, 20)


def take(
    *rows: tuple[str, ...],
    header: tuple[str, ...] = HEADER,
    confirm: int | None = None,
    now: datetime = NOW,
) -> orders.Imported:
    request = orders.OrderRequest(name="all.csv", content=hr_files.csv_bytes([header, *rows]), received_at=now)
    return orders.import_snapshot(actor=hr_files.HR, now=now, request=request, confirm_vanished=confirm)


def units(person: str, day: date = TODAY) -> list[str]:
    timeline = people.timeline(person_id=PersonId(person), known_at=NOW + timedelta(days=30))
    return sorted(post.unit for post in timeline.active_on(day))


def generated() -> list[tuple[str, str, str, str]]:
    rows = models.Order.objects.values_list("person_id", "order_type", "from_unit", "to_unit")
    return sorted(rows)


def test_a_snapshot_of_what_is_known_changes_nothing():
    hr_files.world()
    imported = take(*EVERYONE)
    assert (imported.rows_in, imported.ignored_by_reason, imported.vanished) == (3, {"unchanged": 3}, 0)
    assert not models.Order.objects.exists()
    assert not models.OrderFile.objects.exists()


def test_differences_become_orders_of_their_kind():
    hr_files.world()
    imported = take(
        ("00101", "NW", "N2", "", ""),
        ("00102", "NW", "R1", "", ""),
        ("00103", "NW", "N1", "N2", "1"),
        ("00904", "NW", "N1", "", ""),
    )
    assert imported.accepted == 4
    assert generated() == [
        ("NW-00904", "hire", "", "N1"),
        ("P1", "transfer", "N1", "N2"),
        ("P2", "secondment", "N1", "R1"),
        ("P3", "concurrent", "", "N2"),
        ("P3", "leave", "", ""),
    ]
    assert units("P1") == ["N2"]
    assert units("P3") == []
    assert units("NW-00904") == ["N1"]


def test_the_same_snapshot_twice_is_all_ignored():
    hr_files.world()
    rows = [("00101", "NW", "N2", "R1", ""), *EVERYONE[1:]]
    assert take(*rows).accepted == 1
    again = take(*rows, now=NOW + timedelta(hours=1))
    assert (again.accepted, again.ignored) == (0, 3)
    assert len(generated()) == 2


def test_one_row_a_concurrent_post_is_read_like_numbered_columns():
    hr_files.world()
    header = ("社員番号", "所属コード", "本務兼務", "兼務番号")
    rows = [
        ("00101", "N1", "本務", ""),
        ("00101", "N2", "兼務", "1"),
        ("00102", "N1", "本務", ""),
        ("00103", "N1", "", ""),
    ]
    assert take(*rows, header=header).accepted == 2
    assert units("P1") == ["N1", "N2"]
    later = take(rows[0], *rows[2:], header=header, now=NOW + timedelta(days=7))
    assert later.generated == {"end_concurrent": 1}
    assert units("P1", date(2024, 3, 27)) == ["N1"]


def test_a_secondee_listed_at_home_again_returns():
    hr_files.world()
    take(("00101", "NW", "R1", "", ""), *EVERYONE[1:])
    back = take(*EVERYONE, now=NOW + timedelta(days=7))
    assert back.generated == {"return": 1}
    assert units("P1", date(2024, 3, 27)) == ["N1"]


def test_people_who_vanish_stop_the_snapshot_until_their_number_is_confirmed():
    hr_files.world(20)
    rest = [(f"{number:05}", "NW", "N1", "", "") for number in range(101, 119)]
    with pytest.raises(PeopleVanish) as caught:
        take(*rest)
    assert caught.value.params["vanished"] == 2
    with pytest.raises(PeopleVanish):
        take(*rest, confirm=3)
    assert not models.Order.objects.exists()
    assert take(*rest, confirm=2).generated == {"leave_company": 2}
    assert units("P19", date(2024, 3, 19)) == ["N1"]
    assert units("P19") == []


def test_so_few_as_the_parameter_allows_leave_unasked():
    hr_files.world(20)
    rest = [(f"{number:05}", "NW", "N1", "", "") for number in range(101, 120)]
    assert take(*rest).generated == {"leave_company": 1}


def test_an_empty_snapshot_sends_nobody_home():
    hr_files.world()
    with pytest.raises(PeopleVanish):
        take()


def test_the_other_companys_people_are_not_missing():
    hr_files.world()
    models.Person.objects.create(person_id="Q1", recorded_at=hr_files.BEFORE)
    hr_files.roster_post("Q1", "R1", "AF").save()
    people.refold(person_ids=[PersonId("Q1")], now=hr_files.BEFORE)
    assert take(*EVERYONE).vanished == 0


def test_contractors_stand_in_no_snapshot_and_do_not_vanish():
    hr_files.world()
    models.RosterPost.objects.filter(person_id="P3").update(employment_kind="contractor")
    people.refold(person_ids=None, now=hr_files.BEFORE)
    assert take(*EVERYONE[:2]).vanished == 0


def test_a_rejected_row_leaves_its_person_as_is_and_is_not_a_leaving():
    hr_files.world()
    imported = take(*EVERYONE[:2], ("00103", "NW", "Z9", "", ""))
    assert reasons(imported) == [(4, "所属コード", "Z9", "orders.unknown_unit")]
    assert imported.vanished == 0
    assert not models.Order.objects.exists()


def test_an_unreadable_row_may_be_anybody_so_nobody_is_taken_to_have_left():
    hr_files.world(30)
    rows = [(f"{number:05}", "NW", "N1", "", "") for number in range(101, 130)]
    imported = take(*rows, ("", "NW", "N1", "", ""))
    assert imported.vanished == 1
    assert "orders.vanished_unsure" in hr_files.warned(imported)
    assert not models.Order.objects.exists()


def test_a_second_main_post_is_rejected():
    hr_files.world()
    imported = take(*EVERYONE, ("00101", "NW", "N2", "", ""))
    assert [place[3] for place in reasons(imported)] == ["orders.second_main"]
    assert imported.rows_in == imported.accepted + imported.rejected + imported.ignored


def test_a_date_that_all_rows_share_is_the_snapshots_day():
    hr_files.world()
    header = ("社員番号", "所属コード", "基準日")
    rows = [("00101", "N2", "2024/4/1"), ("00102", "N1", "2024/4/1"), ("00103", "N1", "2024/4/1")]
    take(*rows, header=header)
    assert units("P1") == ["N1"]
    assert units("P1", date(2024, 4, 1)) == ["N2"]
