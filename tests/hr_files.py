"""HR files as bytes, and a small world that their rows can be true in. Files are made here, never kept."""

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime

import xlsxwriter

from sekisho.core.kinds import OrderStatus
from sekisho.core.users import Actor
from sekisho.services import orders, people
from sekisho.store import models

HEADER = ("発令番号", "社員番号", "氏名", "発令日", "発令区分", "旧所属コード", "新所属コード")
NOW = datetime(2024, 3, 20, 3, 0, tzinfo=UTC)
BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
HR = Actor(name="cli:hr", trusted=True)
LONG_AGO = date(2000, 4, 1)


def csv_bytes(rows: Sequence[Sequence[str]], encoding: str = "utf-8", ending: str = "\r\n") -> bytes:
    return "".join(",".join(row) + ending for row in rows).encode(encoding)


def xlsx_bytes(
    rows: Sequence[Sequence[object]], merged: Sequence[tuple[int, int, int, int]] = (), first_row: int = 0
) -> bytes:
    """A workbook of one sheet; `merged` ranges show the value of their first cell."""
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True})
    sheet = book.add_worksheet("発令")
    dated = book.add_format({"num_format": "yyyy/mm/dd"})
    for number, row in enumerate(rows, start=first_row):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(number, column, value, dated)
            elif value not in {None, ""}:
                sheet.write(number, column, value)
    for top, left, bottom, right in merged:
        value = rows[top - first_row][left]
        sheet.merge_range(top, left, bottom, right, value)
    book.close()
    return memory.getvalue()


def world(people_count: int = 3) -> None:
    """NW (units N1, N2, N9 until 2020) and AF (R1); persons P1… with numbers 00101… in NW, in N1."""
    for code, status in (("NW", "network"), ("AF", "affiliate")):
        models.Company.objects.create(
            code=code, name=code, status=status, side=status, start=LONG_AGO, recorded_at=BEFORE
        )
    for code, company, classes in (
        ("N1", "NW", "central_dispatch"),
        ("N2", "NW", "none"),
        ("R1", "AF", "retail_sales"),
    ):
        models.Unit.objects.create(
            code=code, name=code, company=company, classes=classes, start=LONG_AGO, recorded_at=BEFORE
        )
    models.Unit.objects.create(
        code="N9", name="N9", company="NW", classes="none", start=LONG_AGO, end=date(2020, 4, 1), recorded_at=BEFORE
    )
    ids = [f"P{number}" for number in range(1, people_count + 1)]
    models.Person.objects.bulk_create([models.Person(person_id=one, recorded_at=BEFORE) for one in ids])
    for number, one in enumerate(ids, start=101):
        give_number(one, "NW", f"{number:05}")
    models.RosterPost.objects.bulk_create([roster_post(one) for one in ids])
    people.refold(person_ids=None, now=BEFORE)


def give_number(person: str, company: str, number: str, start: date = LONG_AGO, end: date | None = None) -> None:
    models.EmployeeNumber.objects.create(
        person_id=person, company=company, employee_no=number, origin="roster", start=start, end=end, recorded_at=BEFORE
    )


def name(person: str, written: str) -> None:
    models.PersonName.objects.create(
        person_id=person, name=written, origin="roster", start=LONG_AGO, recorded_at=BEFORE
    )


def roster_post(person: str, unit: str = "N1", company: str = "NW", kind: str = "main") -> models.RosterPost:
    return models.RosterPost(
        person_id=person,
        company=company,
        unit=unit,
        employer=company,
        post_kind=kind,
        employment_kind="regular",
        on_leave=False,
        start=date(2015, 4, 1),
        recorded_at=BEFORE,
    )


def take(
    *rows: Sequence[str],
    header: Sequence[str] = HEADER,
    status: OrderStatus | None = None,
    now: datetime = NOW,
    profile: str | None = None,
    actor: Actor = HR,
) -> orders.Imported:
    """Import rows under a header as csv."""
    request = orders.OrderRequest(
        name="orders.csv", content=csv_bytes([header, *rows]), received_at=now, status=status, profile=profile
    )
    return orders.import_orders(actor=actor, now=now, request=request)


def reasons(imported: orders.Imported) -> list[tuple[int, str, str, str]]:
    """Each rejected row's first defect: row, column, value, code."""
    return [(row[0].row, row[0].column, row[0].value, row[0].note.code) for row in imported.rejected_rows]


def warned(imported: orders.Imported) -> set[str]:
    return {warning.note.code for warning in imported.warnings}
