"""What an import says, to programs and to people."""

from collections.abc import Mapping, Sequence

from sekisho.cli.main import Result
from sekisho.cli.output import people, table
from sekisho.intake.defects import Defect
from sekisho.services.orders import Imported
from sekisho.texts import both, reader_language, text

SHOWN = 50


def _t(name: str, **params: object) -> str:
    return text(f"cli_orders.{name}", params, reader_language())


def wire(defect: Defect) -> dict[str, object]:
    """Return a defect as CONTRACT's `rejections` and `warnings` carry it; of the whole file, `row` is null."""
    entry: dict[str, object] = {
        "row": defect.row or None,
        "column": defect.column,
        "value": defect.value,
        "code": defect.note.code,
        "reason": both(defect.note.code, defect.note.params),
    }
    return {**entry, "sheet": defect.sheet} if defect.sheet else entry


def rejection(defects: Sequence[Defect]) -> dict[str, object]:
    """Return one rejected row: its first defect, the others beside it."""
    first, *others = defects
    return {**wire(first), "others": [wire(defect) for defect in others]} if others else wire(first)


def imported_result(imported: Imported, name: str) -> Result:
    """Return the import's document and what people see; rejected rows are something to look at."""
    rejections = [rejection(defects) for defects in imported.rejected_rows]
    warnings = [wire(defect) for defect in imported.warnings]
    document: dict[str, object] = {
        "file": name,
        "sha256": imported.sha256,
        "rows_in": imported.rows_in,
        "accepted": imported.accepted,
        "rejected": imported.rejected,
        "ignored": imported.ignored,
        "ignored_by_reason": imported.ignored_by_reason,
        "rejections": rejections,
        "warnings": warnings,
        "blank_rows": imported.blank_rows,
        "orders": imported.orders,
        "drafts_finalised": imported.drafts_finalised,
        "name_differences": list(imported.names),
    }
    if imported.vanished is not None:
        document |= {"vanished": imported.vanished, "generated": imported.generated}

    def show() -> None:
        people.print(
            _t(
                "imported",
                file=name,
                rows_in=imported.rows_in,
                accepted=imported.accepted,
                rejected=imported.rejected,
                ignored=imported.ignored,
            ),
            markup=False,
        )
        for kind, count in sorted(imported.generated.items()):
            people.print(_t("generated", kind=kind, count=count), markup=False)
        show_defects(rejections, _t("rejections"))
        show_defects(warnings, _t("warnings"))

    return Result(document, show, found=bool(imported.rejected))


def show_defects(entries: Sequence[Mapping[str, object]], title: str) -> None:
    """Print the entries as a table, the first ones in full, the rest as a count."""
    if not entries:
        return
    rows = table(*(_t(column) for column in ("row", "column", "value", "reason")), title=title)
    for entry in entries[:SHOWN]:
        reason = entry["reason"]
        said = str(reason[reader_language()]) if isinstance(reason, Mapping) else ""
        rows.add_row(str(entry["row"] or ""), str(entry["column"]), str(entry["value"]), said)
    people.print(rows, markup=False)
    if len(entries) > SHOWN:
        people.print(_t("more", count=len(entries) - SHOWN))
