from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sekisho.core.errors import SekishoError
from sekisho.core.users import Actor
from sekisho.services.calendar import calendar
from sekisho.services.folder import load_folder
from sekisho.store import models

T0 = datetime(2024, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
TRUSTED = Actor(name="cli:test", trusted=True)

pytestmark = pytest.mark.django_db

COMPANY = 'name = "{name}"\nhistory_complete_from = 2015-04-01\n[parameters]\nlookback_days = 200\n'
COMPANIES = "company_code,name,status,side,from\n{code},{code} Inc,{side},{side},2015-04-01\n"
UNITS = "unit_code,name,company_code,classes,from\n{code}1,one,{code},none,2015-04-01\n"
PEOPLE = "person_id,employee_no,name,company_code,unit_code,employer_company,from\n"
ACCESS = (
    '[[system]]\nid = "{code}app"\nname = "app"\nside = "{side}"\nconnector = "memory"\n'
    '[[entitlement]]\nsystem = "{code}app"\nid = "view"\n'
)


def side_folder(path: Path, code: str, side: str, count: int = 3) -> Path:
    folder = path / code
    folder.mkdir(exist_ok=True)
    (folder / "company.toml").write_text(COMPANY.format(name=code))
    (folder / "companies.csv").write_text(COMPANIES.format(code=code, side=side))
    (folder / "units.csv").write_text(UNITS.format(code=code))
    rows = [f"{code}-{n},{n},名 {n},{code},{code}1,,2016-04-01\n" for n in range(count)]
    (folder / "people.csv").write_text(PEOPLE + "".join(rows))
    (folder / "access.toml").write_text(ACCESS.format(code=code, side=side))
    return folder


def load(folder: Path, at: datetime = T0):
    return load_folder(folder=folder, actor=TRUSTED, now=at, received_at=at)


def persons_with_posts() -> set[str]:
    return {row.person_id for row in models.Stint.objects.current()}


def test_a_folder_becomes_facts_and_timelines(tmp_path):
    result = load(side_folder(tmp_path, "NW", "network"))
    assert (result.companies, result.units, result.people, result.systems) == (1, 1, 3, 1)
    assert result.rejected == 0
    assert persons_with_posts() == {"NW-0", "NW-1", "NW-2"}
    assert models.Parameter.objects.get().value == 200
    assert models.Installation.objects.get().history_complete_from == date(2015, 4, 1)
    assert models.Entitlement.objects.get().protected is True


def test_the_same_folder_twice_changes_nothing_and_leaves_no_entry(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    assert load(folder).changed > 0
    entries = models.LedgerEntry.objects.count()
    assert load(folder, T0 + DAY).changed == 0
    assert models.LedgerEntry.objects.count() == entries
    assert not models.RosterPost.objects.filter(superseded_at__isnull=False).exists()


def test_each_changed_file_is_one_entry_with_its_hash(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    load(folder)
    side_folder(tmp_path, "NW", "network", count=4)
    before = models.LedgerEntry.objects.count()
    assert load(folder, T0 + DAY).changed == 1
    assert models.LedgerEntry.objects.count() == before + 1
    assert b'"file":"people.csv"' in bytes(models.LedgerEntry.objects.latest("id").leaf)


def test_a_row_that_is_gone_closes_the_fact_as_of_the_record_time(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    load(folder)
    side_folder(tmp_path, "NW", "network", count=2)
    result = load(folder, T0 + DAY)
    assert result.changed == 1
    assert persons_with_posts() == {"NW-0", "NW-1"}
    assert models.RosterPost.objects.as_known_at(T0).count() == 3
    assert models.RosterPost.objects.as_known_at(T0 + DAY).count() == 2


def test_the_folders_of_two_sides_loaded_apart_leave_each_other_alone(tmp_path):
    network, affiliate = side_folder(tmp_path, "NW", "network"), side_folder(tmp_path, "EP", "affiliate")
    load(network)
    load(affiliate, T0 + DAY)
    assert len(persons_with_posts()) == 6
    assert load(network, T0 + 2 * DAY).changed == 0
    side_folder(tmp_path, "NW", "network", count=1)
    load(network, T0 + 3 * DAY)
    assert persons_with_posts() == {"NW-0", "EP-0", "EP-1", "EP-2"}
    assert models.System.objects.current().count() == 2
    assert load(affiliate, T0 + 4 * DAY).changed == 0


def test_both_sides_folders_may_name_all_companies(tmp_path):
    network, affiliate = side_folder(tmp_path, "NW", "network"), side_folder(tmp_path, "EP", "affiliate")
    both = COMPANIES.format(code="NW", side="network") + "EP,EP Inc,affiliate,affiliate,2015-04-01\n"
    for folder in (network, affiliate):
        (folder / "companies.csv").write_text(both)
    load(network)
    load(affiliate, T0 + DAY)
    assert len(persons_with_posts()) == 6


def test_a_secondee_belongs_to_the_employers_folder(tmp_path):
    network, affiliate = side_folder(tmp_path, "NW", "network"), side_folder(tmp_path, "EP", "affiliate")
    load(network)
    load(affiliate)
    with (network / "people.csv").open("a") as file:
        file.write("NW-9,99,出向者,EP,EP1,NW,2020-04-01\n")
    assert load(network, T0 + DAY).rejected == 0
    assert load(affiliate, T0 + 2 * DAY).changed == 0
    assert "NW-9" in persons_with_posts()
    numbers = models.EmployeeNumber.objects.filter(person_id="NW-9").values_list("company", "employee_no")
    assert set(numbers) == {("NW", "99"), ("EP", "99")}


def test_a_file_that_is_not_there_leaves_its_facts_alone(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    load(folder)
    (folder / "people.csv").unlink()
    assert load(folder, T0 + DAY).changed == 0
    assert len(persons_with_posts()) == 3


def test_a_new_name_is_a_new_fact_and_the_old_one_stays_known(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    load(folder)
    people = folder / "people.csv"
    people.write_text(people.read_text().replace("名 1", "邉 1"))
    assert load(folder, T0 + DAY).changed == 1
    names = models.PersonName.objects.filter(person_id="NW-1")
    assert [row.name for row in names.as_known_at(T0)] == ["名 1"]
    assert [row.name for row in names.as_known_at(T0 + DAY)] == ["邉 1"]


def test_files_for_features_to_come_are_kept_whole(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    (folder / "devices.csv").write_text("device_id,side,zone,os,from\nPC1,network,network,windows,2020-04-01\n")
    (folder / "device_users.csv").write_text("device_id,person_id,from\nPC1,NW-1,2020-04-01\nPC9,NW-1,2020-04-01\n")
    result = load(folder)
    assert (result.devices, result.rejected) == (1, 1)
    kept = models.FolderRow.objects.get(file="devices.csv")
    assert kept.payload["os"] == "windows"
    assert load(folder, T0 + DAY).changed == 0


def test_grants_asked_for_elsewhere_are_not_the_folders_to_close(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    (folder / "grants.csv").write_text(
        "person_id,system,entitlement,reason,approver,from,to\nNW-1,NWapp,view,audit,boss,2024-01-01,2024-02-01\n"
    )
    load(folder)
    models.Grant.objects.create(
        grant_id="other", person_id="NW-2", system_id="NWapp", entitlement="view", reason="r", requested_by="someone",
        state="requested", start=date(2024, 1, 1), end=date(2024, 2, 1), recorded_at=T0,
    )  # fmt: skip
    (folder / "grants.csv").write_text("person_id,system,entitlement,reason,approver,from,to\n")
    assert load(folder, T0 + DAY).changed == 1
    assert [row.grant_id for row in models.Grant.objects.current()] == ["other"]


def test_a_refused_file_changes_nothing(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    (folder / "units.csv").write_text("unit_code,name\nN1,x\n")
    with pytest.raises(SekishoError):
        load(folder)
    assert not models.Company.objects.exists()


def test_once_there_are_users_only_some_roles_load(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    with pytest.raises(SekishoError) as caught:
        load_folder(folder=folder, actor=Actor(name="nobody"), now=T0)
    assert caught.value.code == "folder.not_allowed"


def test_nothing_is_received_in_the_future(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    with pytest.raises(SekishoError) as caught:
        load_folder(folder=folder, actor=TRUSTED, now=T0, received_at=T0 + DAY)
    assert caught.value.code == "folder.future"


def test_holidays_of_the_folder_extend_the_official_ones(tmp_path):
    folder = side_folder(tmp_path, "NW", "network")
    (folder / "holidays.csv").write_text("date,name\n2024-12-30,年末休業\n")
    load(folder)
    days = calendar(known_at=T0)
    assert not days.is_business_day(date(2024, 12, 30))
    assert not days.is_business_day(date(2024, 4, 29))
    assert days.previous_business_day(date(2024, 5, 7)) == date(2024, 5, 2)
    assert calendar(known_at=T0 - DAY).is_business_day(date(2024, 12, 30))
