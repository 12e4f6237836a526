import json
from datetime import date, timedelta

import pytest

import hr_files
from hr_files import HEADER, NOW, reasons, take, warned
from sekisho.core.kinds import NETWORK, OrderStatus, OrderType, PersonId, Role
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import orders, people
from sekisho.services.order_import import FromTheFuture, NotAllowed
from sekisho.store import models

pytestmark = pytest.mark.django_db

MOVE = ("A1", "00101", "", "2024/4/1", "異動", "N1", "N2")
FINALS = [OrderStatus.FINAL]


def actor(role: Role) -> Actor:
    return Actor(name=role.value, roles=(RoleGrant(role, NETWORK, Period(hr_files.LONG_AGO)),))


def unit_on(person: str, day: str) -> list[str]:
    timeline = people.timeline(person_id=PersonId(person), known_at=NOW + timedelta(days=1))
    return sorted(post.unit for post in timeline.held_on(date.fromisoformat(day)))


def test_an_accepted_order_moves_the_person_and_leaves_its_entries():
    hr_files.world()
    imported = take(MOVE)
    assert (imported.rows_in, imported.accepted, imported.rejected, imported.ignored) == (1, 1, 0, 0)
    assert unit_on("P1", "2024-03-31") == ["N1"]
    assert unit_on("P1", "2024-04-01") == ["N2"]
    kinds = models.LedgerEntry.objects.values_list("kind", flat=True)
    assert sorted(kinds) == ["order.accepted", "order_file.imported"]


def test_an_orders_entry_tells_nothing_personal_in_its_leaf():
    hr_files.world()
    take((*MOVE[:2], "高橋", *MOVE[3:]))
    leaf = bytes(models.LedgerEntry.objects.get(kind="order.accepted").leaf).decode()
    assert set(json.loads(leaf)["facts"]) == {"file", "row", "status"}
    for word in ("00101", "P1", "高橋", "N2"):
        assert word not in leaf


def test_the_same_file_twice_is_all_ignored_and_changes_nothing():
    hr_files.world()
    take(MOVE, ("A1", "00102", "", "2024/4/1", "退職", "N1", ""))
    before = models.LedgerEntry.objects.count()
    again = take(MOVE, ("A1", "00102", "", "2024/4/1", "退職", "N1", ""))
    assert (again.accepted, again.ignored_by_reason) == (0, {"same_row": 2})
    assert models.Order.objects.count() == 2
    assert models.LedgerEntry.objects.count() == before


def test_the_same_row_twice_in_one_file_is_taken_once():
    hr_files.world()
    imported = take(MOVE, MOVE)
    assert (imported.accepted, imported.ignored_by_reason) == (1, {"same_row": 1})


def test_the_same_key_with_other_content_is_rejected():
    hr_files.world()
    take(MOVE)
    assert reasons(take((*MOVE[:6], "R1"))) == [(2, "発令番号", "A1", "orders.key_taken")]
    assert unit_on("P1", "2024-04-01") == ["N2"]


def test_one_order_number_covers_many_people():
    hr_files.world()
    assert take(MOVE, ("A1", "00102", *MOVE[2:]), ("A1", "00103", *MOVE[2:])).accepted == 3


def test_a_leaving_names_the_last_day_unless_the_profile_says_otherwise():
    hr_files.world()
    take(("A1", "00101", "", "2024/3/31", "退職", "N1", ""))
    assert unit_on("P1", "2024-03-31") == ["N1"]
    assert unit_on("P1", "2024-04-01") == []


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (("A1", "99999", "", "2024/4/1", "異動", "N1", "N2"), "社員番号", "orders.unknown_employee"),
        (("A1", "00101", "", "2024/4/1", "異動", "N1", "Z1"), "新所属コード", "orders.unknown_unit"),
        (("A1", "00101", "", "2024/4/1", "異動", "N1", "N9"), "新所属コード", "orders.unknown_unit"),
        (("A1", "00101", "", "2024/4/1", "異動", "Z1", "N2"), "旧所属コード", "orders.unknown_unit"),
        (("A1", "00101", "", "2024/4/1", "異動", "N1", ""), "新所属コード", "orders.needed"),
        (("A1", "00101", "", "2024/4/1", "取消", "N1", ""), "対象発令番号", "orders.needed"),
        (("A1", "00999", "", "2024/4/1", "再雇用", "", "N1"), "社員番号", "orders.previous_needed"),
    ],
)
def test_a_row_that_cannot_be_true_is_rejected_by_name_of_the_column(row: tuple[str, ...], column: str, code: str):
    hr_files.world()
    imported = take(row, ("A9", "00103", "", "2024/4/1", "異動", "N1", "N2"))
    assert [(place[0], place[1], place[3]) for place in reasons(imported)] == [(2, column, code)]
    assert imported.accepted == 1


def test_a_company_that_is_not_there_is_rejected():
    hr_files.world()
    imported = take((*MOVE, "ZZ"), header=(*HEADER, "会社コード"))
    assert reasons(imported) == [(2, "会社コード", "ZZ", "orders.unknown_company")]


def test_a_number_of_two_companies_needs_the_company():
    hr_files.world()
    hr_files.give_number("P2", "AF", "00101")
    header = (*HEADER, "会社コード")
    assert reasons(take((*MOVE, ""), header=header)) == [(2, "社員番号", "00101", "orders.ambiguous_employee")]
    assert take((*MOVE, "NW"), header=header).accepted == 1
    assert models.Order.objects.get().person_id == "P1"


def test_a_name_never_rejects_and_is_shown_where_it_reads_otherwise():
    hr_files.world()
    for number, name in enumerate(("高橋 一郎", "山崎花子", "渡辺三郎"), start=1):
        hr_files.name(f"P{number}", name)
    rest = ("2024/4/1", "異動", "N1", "N2")
    written = ("髙橋一郎", "山崎　花子", "田中四郎")
    imported = take(*((f"A{n}", f"0010{n}", name, *rest) for n, name in enumerate(written, start=1)))
    assert imported.accepted == 3
    assert [shown.difference for shown in imported.names] == ["variant", "spaces", "other"]
    assert [(w.row, w.note.code) for w in imported.warnings] == [(2, "orders.name_variant"), (4, "orders.name_other")]


def test_an_order_received_after_its_day_is_taken_with_a_warning():
    hr_files.world()
    assert "orders.retroactive" in warned(take(("A1", "00101", "", "2024/3/1", "異動", "N1", "N2")))
    assert "orders.retroactive" not in warned(take(("A2", "00102", "", "2024/3/21", "異動", "N1", "N2")))


def test_a_hire_makes_a_person_whom_later_rows_of_the_file_may_name():
    hr_files.world()
    header = (*HEADER, "兼務番号")
    imported = take(
        ("A1", "00900", "新田 一", "2024/4/1", "兼務", "", "N2", "1"),
        ("A1", "00900", "新田 一", "2024/4/1", "採用", "", "N1", ""),
        header=header,
    )
    assert imported.rejected == 0
    person = models.EmployeeNumber.objects.get(employee_no="00900").person_id
    assert unit_on(person, "2024-04-01") == ["N1", "N2"]
    assert models.PersonName.objects.get(person_id=person).name == "新田 一"


def test_a_hire_under_the_number_of_someone_who_left_is_refused():
    hr_files.world()
    hr_files.give_number("P2", "NW", "00800", end=date(2020, 4, 1))
    imported = take(("A1", "00800", "", "2024/4/1", "採用", "", "N1"))
    assert reasons(imported) == [(2, "社員番号", "00800", "orders.number_used")]


def test_a_change_of_employer_keeps_the_person_and_adds_the_number():
    hr_files.world()
    header = (*HEADER, "新社員番号", "旧社員番号", "会社コード")
    imported = take(
        ("A1", "00101", "", "2024/4/1", "転籍", "N1", "R1", "70001", "", ""),
        ("A1", "70002", "", "2024/4/1", "転籍", "N1", "R1", "", "00102", "AF"),
        header=header,
    )
    assert imported.rejected == 0
    given = models.EmployeeNumber.objects.filter(company="AF").values_list("person_id", "employee_no", "start")
    assert sorted(given) == [("P1", "70001", date(2024, 4, 1)), ("P2", "70002", date(2024, 4, 1))]
    assert unit_on("P2", "2024-04-01") == ["R1"]
    later = take(("A2", "70001", "", "2024/5/1", "異動", "R1", "R1", "", "", "AF"), header=header)
    assert later.accepted == 1
    assert models.Order.objects.get(order_no="A2").person_id == "P1"


def test_a_number_that_the_company_gave_to_another_is_refused():
    hr_files.world()
    imported = take(("A1", "00101", "", "2024/4/1", "復帰", "", "N2", "00102"), header=(*HEADER, "新社員番号"))
    assert reasons(imported) == [(2, "新社員番号", "00102", "orders.number_taken")]


def test_numbered_columns_give_concurrent_posts_and_those_held_are_not_ordered_again():
    hr_files.world()
    header = (*HEADER, "兼務所属コード1", "兼務所属コード2")
    imported = take((*MOVE, "R1", "N1"), header=header)
    assert (imported.accepted, imported.orders) == (1, 3)
    assert unit_on("P1", "2024-04-01") == ["N1", "N2", "R1"]
    assert take((*MOVE, "R1", "N1"), header=header).ignored_by_reason == {"same_row": 1}
    moved = take(("A2", "00101", "", "2024/5/1", "異動", "N2", "N2", "R1", ""), header=header)
    assert moved.orders == 1


def test_an_unknown_unit_in_a_numbered_column_rejects_the_row_by_that_column():
    hr_files.world()
    imported = take((*MOVE, "Z9"), header=(*HEADER, "兼務所属コード1"))
    assert reasons(imported) == [(2, "兼務所属コード1", "Z9", "orders.unknown_unit")]


def test_a_cancellation_takes_the_order_out_of_force():
    hr_files.world()
    header = (*HEADER, "対象発令番号")
    take((*MOVE, ""), header=header)
    assert take(("A2", "00101", "", "", "取消", "", "", "A1"), header=header).accepted == 1
    assert unit_on("P1", "2024-04-01") == ["N1"]


def test_a_correction_changes_only_the_cells_that_it_fills():
    hr_files.world()
    header = (*HEADER, "対象発令番号")
    take((*MOVE, ""), header=header)
    assert take(("A2", "00101", "", "", "訂正", "", "R1", "A1"), header=header).accepted == 1
    assert unit_on("P1", "2024-03-31") == ["N1"]
    assert unit_on("P1", "2024-04-01") == ["R1"]


def test_an_order_that_names_another_replaces_it():
    hr_files.world()
    header = (*HEADER, "対象発令番号")
    take((*MOVE, ""), header=header)
    assert take(("A1", "00101", "", "2024/4/1", "異動", "N1", "R1", "A1"), header=header).accepted == 1
    assert unit_on("P1", "2024-04-01") == ["R1"]


def test_a_target_that_is_not_there_is_refused():
    hr_files.world()
    imported = take(("A2", "00101", "", "", "取消", "", "", "A7"), header=(*HEADER, "対象発令番号"))
    assert reasons(imported) == [(2, "対象発令番号", "A7", "orders.unknown_target")]


def test_a_draft_moves_nobody_and_its_final_does():
    hr_files.world()
    take(MOVE, status=OrderStatus.DRAFT)
    assert unit_on("P1", "2024-04-01") == ["N1"]
    final = take(MOVE)
    assert (final.accepted, final.drafts_finalised) == (1, 1)
    assert unit_on("P1", "2024-04-01") == ["N2"]
    assert take(MOVE, status=OrderStatus.DRAFT).ignored_by_reason == {"same_row": 1}
    known = orders.orders(known_at=NOW, statuses=list(OrderStatus))
    assert [(order.status, order.id) for order in known] == [(OrderStatus.FINAL, "NW/A1/00101/transfer/#2")]


def test_a_final_may_differ_from_its_draft():
    hr_files.world()
    take(MOVE, status=OrderStatus.DRAFT)
    assert take((*MOVE[:6], "R1")).drafts_finalised == 1
    assert unit_on("P1", "2024-04-01") == ["R1"]


def test_a_draft_hire_and_its_final_are_one_person():
    hr_files.world()
    hire = ("A1", "00900", "新田", "2024/4/1", "採用", "", "N1")
    take(hire, status=OrderStatus.DRAFT)
    assert not models.EmployeeNumber.objects.filter(employee_no="00900").exists()
    assert not models.PersonName.objects.exists()
    take(hire)
    assert len(set(models.Order.objects.values_list("person_id", flat=True))) == 1


def test_a_cell_that_says_draft_is_not_made_final_by_the_command_line():
    hr_files.world()
    imported = take((*MOVE, "内示"), header=(*HEADER, "状態"), status=OrderStatus.FINAL)
    assert models.Order.objects.get().status == "draft"
    assert "orders.status_kept" in warned(imported)


def test_nothing_is_lost_between_rows_in_and_the_three_heaps():
    hr_files.world()
    rows = [MOVE, MOVE, HEADER, ("",) * 7, ("A1", "99999", *MOVE[2:]), (*MOVE[:3], "4/1", *MOVE[4:])]
    imported = take(*rows)
    assert imported.rows_in == 5
    assert (imported.accepted, imported.rejected, imported.ignored) == (1, 2, 2)
    stored = models.OrderFile.objects.get()
    assert (stored.rows_in, stored.accepted, stored.rejected, stored.ignored) == (5, 1, 2, 2)
    assert len([defect for defect in stored.defects if defect["kind"] == "rejected"]) == 2


def test_what_was_known_on_a_day_follows_the_time_of_receipt():
    hr_files.world()
    take(MOVE)
    before = people.timeline(person_id=PersonId("P1"), known_at=NOW - timedelta(hours=1))
    assert [post.unit for post in before.held_on(date(2024, 4, 1))] == ["N1"]
    assert orders.orders(known_at=NOW - timedelta(hours=1), statuses=FINALS) == []


def test_a_file_cannot_have_come_in_the_future():
    hr_files.world()
    content = hr_files.csv_bytes([HEADER, MOVE])
    request = orders.OrderRequest(name="x", content=content, received_at=NOW + timedelta(days=1))
    with pytest.raises(FromTheFuture):
        orders.import_orders(actor=hr_files.HR, now=NOW, request=request)


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.UNIT_HEAD, Role.EXECUTIVE, Role.INTERNAL_AUDIT])
def test_only_those_who_take_orders_in_may(role: Role):
    hr_files.world()
    with pytest.raises(NotAllowed):
        take(MOVE, actor=actor(role))
    assert not models.Order.objects.exists()


@pytest.mark.parametrize(
    ("role", "drafts", "finals"), [(Role.HR, 2, 1), (Role.COMPLIANCE, 2, 1), (Role.IT_OPERATION, 0, 0)]
)
def test_an_embargoed_notice_is_listed_for_hr_and_compliance_only(role: Role, drafts: int, finals: int):
    hr_files.world()
    header = (*HEADER, "状態", "内示解禁日時")
    take(
        (*MOVE, "内示", "2024/3/25 17:00"),
        ("A2", "00102", *MOVE[2:], "内示", ""),
        ("A3", "00103", *MOVE[2:], "発令", ""),
        header=header,
    )
    seen = orders.visible_orders(actor=actor(role), now=NOW, statuses=list(OrderStatus))
    assert len([order for order in seen if order.status is OrderStatus.DRAFT]) == drafts
    assert len([order for order in seen if order.status is OrderStatus.FINAL]) == finals


def test_the_mover_learns_of_the_notice_when_it_is_released():
    hr_files.world()
    take((*MOVE, "内示", "2024/3/25 17:00"), header=(*HEADER, "状態", "内示解禁日時"))
    grants = (RoleGrant(Role.EMPLOYEE, NETWORK, Period(hr_files.LONG_AGO)),)
    mover = Actor(name="p1", roles=grants, person_id=PersonId("P1"))
    statuses = list(OrderStatus)
    assert orders.visible_orders(actor=mover, now=NOW, statuses=statuses) == []
    later = orders.visible_orders(actor=mover, now=NOW + timedelta(days=6), statuses=statuses)
    assert [order.key.order_type for order in later] == [OrderType.TRANSFER]


def test_a_withdrawn_notice_is_gone_from_the_lists():
    hr_files.world()
    header = (*HEADER, "対象発令番号", "状態")
    take((*MOVE, "", "内示"), header=header)
    take(("A2", "00101", "", "", "取消", "", "", "A1", ""), header=header)
    assert orders.visible_orders(actor=actor(Role.HR), now=NOW, statuses=list(OrderStatus)) == []


def test_a_draft_hire_is_counted_nowhere_before_it_is_final():
    hr_files.world()
    before = models.Person.objects.count()
    take(("A1", "00900", "新田", "2024/4/1", "採用", "", "N1"), status=OrderStatus.DRAFT)
    assert models.Person.objects.count() == before
    take(("A1", "00900", "新田", "2024/4/1", "採用", "", "N1"))
    assert models.Person.objects.count() == before + 1


def test_a_final_that_also_replaces_another_order_still_ends_its_draft():
    hr_files.world()
    header = (*HEADER, "対象発令番号")
    take(("A0", "00101", "", "2024/4/1", "異動", "N1", "R1", ""), header=header)
    draft = ("A1", "00101", "", "2024/4/1", "異動", "N1", "N2", "A0")
    take(draft, header=header, status=OrderStatus.DRAFT)
    assert take(draft, header=header).drafts_finalised == 1
    assert unit_on("P1", "2024-04-01") == ["N2"]


def test_an_order_that_the_timeline_cannot_follow_is_taken_and_said():
    hr_files.world()
    imported = take(
        ("A1", "00101", "", "2024/4/1", "異動", "N2", "R1"), ("A1", "00102", "", "2024/4/1", "復職", "", "")
    )
    assert imported.accepted == 2
    said = [(warning.row, warning.note.code.partition(".")[0]) for warning in imported.warnings]
    assert said == [(2, "timeline"), (3, "timeline")]


def test_the_phonetic_guide_of_a_spreadsheet_is_no_part_of_a_name():
    import io
    import zipfile

    from sekisho.intake.sheets import sheets_of

    guided = '<si><t>高橋</t><rPh sb="0" eb="2"><t>タカハシ</t></rPh><phoneticPr fontId="1"/></si>'
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(hr_files.xlsx_bytes([["高橋"]]))) as old, zipfile.ZipFile(memory, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace("<si><t>高橋</t></si>".encode(), guided.encode()))
    assert "タカハシ".encode() in zipfile.ZipFile(memory).read("xl/sharedStrings.xml")
    assert sheets_of(memory.getvalue(), "x")[0].rows[0].cells[0].text == "高橋"
