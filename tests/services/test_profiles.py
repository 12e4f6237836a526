import pytest

import hr_files
from hr_files import NOW, take
from sekisho.core.kinds import OrderType
from sekisho.intake.profiles import BadProfile, parse, with_options
from sekisho.services import profiles
from sekisho.store import models

pytestmark = pytest.mark.django_db

WRITTEN = {
    "columns": {"番号": "order_no", "誰": "employee_no", "いつ": "effective_date", "何": "order_type", "先": "to_unit"},
    "widths": {"employee_no": 5},
    "dates": {"leave_company": "first_day"},
    "values": {"order_type": {"10": "transfer", "90": "leave_company"}},
}
HEADER = ("番号", "誰", "いつ", "何", "先")


def test_a_saved_profile_reads_a_layout_of_its_own():
    hr_files.world()
    profiles.save(actor=hr_files.HR, now=NOW, name="旧人事", profile=parse(WRITTEN))
    rows = [("A1", "101", "20240401", "10", "N2"), ("A1", "102", "20240401", "90", "")]
    imported = take(*rows, header=HEADER, profile="旧人事")
    assert imported.accepted == 2
    days = dict(models.Order.objects.values_list("order_type", "first_day"))
    assert days["leave_company"] == days["transfer"]


def test_a_newer_version_replaces_the_older_and_an_equal_one_changes_nothing():
    profiles.save(actor=hr_files.HR, now=NOW, name="p", profile=parse(WRITTEN))
    profiles.save(actor=hr_files.HR, now=NOW, name="p", profile=parse(WRITTEN))
    assert models.MappingProfile.objects.count() == 1
    profiles.save(actor=hr_files.HR, now=NOW, name="p", profile=parse({}))
    assert models.MappingProfile.objects.count() == 2
    assert [(saved.name, dict(saved.profile.columns)) for saved in profiles.saved_profiles(known_at=NOW)] == [("p", {})]


def test_a_profile_that_is_not_there_is_refused_with_those_that_are():
    profiles.save(actor=hr_files.HR, now=NOW, name="旧人事", profile=parse(WRITTEN))
    with pytest.raises(profiles.NoSuchProfile) as caught:
        profiles.load(name="x", known_at=NOW)
    assert caught.value.params["known"] == "旧人事"


@pytest.mark.parametrize(
    "document",
    [
        {"colums": {}},
        {"columns": {"a": "employe_no"}},
        {"columns": "a"},
        {"widths": {"employee_no": 0}},
        {"widths": {"name": 5}},
        {"dates": {"leave_company": "noon"}},
        {"dates": {"退社": "last_day"}},
        {"values": {"title": {"a": "b"}}},
        {"values": {"order_type": {"10": "異動"}}},
    ],
)
def test_a_profile_that_means_nothing_is_refused(document: dict[str, object]):
    with pytest.raises(BadProfile):
        parse(document)


def test_options_lie_over_the_file():
    document = with_options(
        {"widths": {"employee_no": 5}}, ["誰=employee_no"], ["employee_no=8"], ["hire=last_day"], ["order_type:10=hire"]
    )
    profile = parse(document)
    assert profile.width("employee_no") == 8
    assert profile.names_last_day(OrderType.HIRE)
    assert profile.values["order_type"] == {"10": "hire"}
    assert profile.columns == {"誰": "employee_no"}
