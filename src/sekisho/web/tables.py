"""Tables that sort, filter by typing, turn pages, and keep all of it in the address. Without JavaScript too.

A page makes its rows as cells; the table takes what the address asks for. Of a long list only the rows that are
shown are made (`Made`); for lists that are too long to be held whole, the service turns the pages and the page
says how many there are in all (`total`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Generic, TypeVar, overload
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone

from sekisho.web.words import is_japanese, say

PAGE_ROWS = 25
PRINT_ROWS = 5000
"""Rows on a page that is asked for to be printed (`?print=1`): paper turns no pages."""
SHEET_ROWS = 100_000
"""Rows that a sheet takes from a list whose pages a service turns; its last row says so where there are more."""
FEW = 7
"""Tables with no more rows need no filter."""

_WAYS = (("", "ascending"), ("-", "descending"))

Item = TypeVar("Item")
Value = str | int | float | date | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `kind`: text, number, day, moment or state (then the cell's value is a state's word)."""

    key: str
    title: str
    kind: str = "text"
    sortable: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell holds for sorting and sheets, and how it reads (`text`), leads on (`href`), or is marked (`state`).

    `state` is one of ok, stop, wait, unknown. `note` stands below in small type.
    """

    value: Value
    text: str = ""
    href: str = ""
    state: str = ""
    note: str = ""

    @property
    def reads(self) -> str:
        """Return what stands in the cell: its text, or its value, or a dash."""
        return self.text or ("—" if self.value in {None, ""} else str(self.value))

    @property
    def blank(self) -> bool:
        """Tell whether there is nothing to say; a phone leaves the line out."""
        return not self.state and not self.note and self.reads == "—"

    @property
    def japanese(self) -> bool:
        """Tell whether the cell is in Japanese, whatever the page's language."""
        return is_japanese(f"{self.text}{self.note}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a cell for each column, and the address of what it is about."""

    cells: tuple[Cell, ...]
    href: str = ""
    pairs: tuple[tuple[Column, Cell], ...] = ()
    """The cells with their columns; the table fills it in."""

    @property
    def title(self) -> int:
        """Return the place of the cell that names the row: the first that leads on, else the first."""
        return next((place for place, cell in enumerate(self.cells) if cell.href), 0)


@dataclass(frozen=True, slots=True)
class Made(Sequence[Row], Generic[Item]):
    """Rows that are made when they are shown: one page of a list of thousands.

    `make` gets all items that are wanted at once, so that it can look up names with one query. `values` say how
    to sort by a column without its cells, `words` what a search looks through; without them the rows are made.
    """

    items: Sequence[Item]
    make: Callable[[Sequence[Item]], Sequence[Row]]
    values: Mapping[str, Callable[[Item], Any]] = field(default_factory=dict)
    words: Callable[[Item], str] | None = None

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.make(self.items))

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        return self.make(self.items[place]) if isinstance(place, slice) else self.make([self.items[place]])[0]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks of one table: the words to find, the column to sort by, the page (from 1)."""

    words: str = ""
    sort: str = ""
    page: int = 1

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def column(self) -> str:
        return self.sort.removeprefix("-")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands on the page. `rows` are those of this page, `every` what a sheet takes."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    every: Sequence[Row]
    total: int
    asked: Asked
    other: Mapping[str, str] = field(default_factory=dict)
    """Everything else in the address, kept when the table changes."""
    empty: str = ""
    """The sentence that stands where there are no rows, and says what to do."""
    paged_rows: int = PAGE_ROWS
    by_words: bool = True
    """False where the page has a filter of its own."""

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.paged_rows))

    @property
    def first(self) -> int:
        return (self.asked.page - 1) * self.paged_rows + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.asked.page * self.paged_rows, self.total)

    def values(self) -> list[list[Value]]:
        """Return every row for a sheet: the values themselves, or the text where it says more.

        Where a service turned the pages and there are more rows than a sheet takes, the last one says so.
        """
        found = [
            [_plain(cell, column) for cell, column in zip(row.cells, self.columns, strict=True)] for row in self.every
        ]
        if len(found) < self.total:
            cut = say("page_words.sheet_cut", listed=len(found), total=self.total)
            found.append([cut, *[None] * (len(self.columns) - 1)])
        return found

    def address(self, **changed: str) -> str:
        """Return the query that shows the same page with the table changed."""
        own = {"q": self.asked.words, "sort": self.asked.sort, "page": str(self.asked.page)} | changed
        words = {f"{self.name}_{key}": value for key, value in own.items() if value and (key, value) != ("page", "1")}
        return "?" + urlencode({**self.other, **words})

    def _here(self, **changed: str) -> str:
        return f"{self.address(**changed)}#table-{self.name}"

    @property
    def filters(self) -> bool:
        """Tell whether the table is long enough to be filtered, or was longer before it was."""
        return self.by_words and (self.total > FEW or bool(self.asked.words))

    @property
    def cleared(self) -> str:
        return self._here(q="", page="1")

    @property
    def sorts(self) -> list[tuple[str, str, str]]:
        """Return each way to sort: its value, the column's title, and its direction; for where no heads are shown."""
        sortable = [column for column in self.columns if column.sortable]
        return [(sign + one.key, one.title, way) for one in sortable for sign, way in _WAYS]

    @property
    def sheet(self) -> str:
        return f"{self.address()}&sheet={self.name}"

    @property
    def next(self) -> str:
        return self._here(page=str(self.asked.page + 1)) if self.asked.page < self.pages else ""

    @property
    def previous(self) -> str:
        return self._here(page=str(self.asked.page - 1)) if self.asked.page > 1 else ""

    @property
    def heads(self) -> list[dict[str, Any]]:
        """Return each column with where a click on its head leads."""
        found = []
        for column in self.columns:
            here = self.asked.column == column.key
            turned = f"-{column.key}" if here and not self.asked.descending else column.key
            order = ("descending" if self.asked.descending else "ascending") if here else "none"
            href = self._here(sort=turned, page="1") if column.sortable else ""
            found.append({"column": column, "href": href, "order": order})
        return found


def asked_of(request: HttpRequest, name: str) -> Asked:
    """Return what the address asks of the table; nonsense is as if it were not there."""
    page = "1" if "sheet" in request.GET else request.GET.get(f"{name}_page", "1")
    return Asked(
        words=request.GET.get(f"{name}_q", "").strip()[:200],
        sort=request.GET.get(f"{name}_sort", "")[:50],
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def page_rows(request: HttpRequest) -> int:
    """Return how many rows a page of a table has; services that turn the pages themselves are given it."""
    if "sheet" in request.GET:
        return SHEET_ROWS
    return PRINT_ROWS if "print" in request.GET else PAGE_ROWS


def table(  # noqa: PLR0913 - what a table is made of; an object around it would be the table again
    request: HttpRequest,
    name: str,
    *,
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    empty: str,
    total: int | None = None,
) -> Table:
    """Return the table of all `rows` as the address asks for it.

    With `total` the rows are one page already, found, sorted and cut by a service that was given `asked_of`.
    """
    asked, size = asked_of(request, name), page_rows(request)
    if total is None:
        kept = _sorted(_found(rows, asked.words), columns, asked)
        total = len(kept)
        asked = replace(asked, page=min(asked.page, max(1, -(-total // size))))
        cut = kept[(asked.page - 1) * size : asked.page * size]
    else:
        kept = cut = list(rows)
    own = {f"{name}_{key}" for key in ("q", "sort", "page")} | {"sheet", "only", "print"}
    other = {key: str(value) for key, value in request.GET.items() if key not in own}
    shown = tuple(replace(row, pairs=tuple(zip(columns, row.cells, strict=True))) for row in cut)
    return Table(name, caption, tuple(columns), shown, kept, total, asked, other, empty, size)


def _found(rows: Sequence[Row], words: str) -> Sequence[Row]:
    wanted = words.casefold().split()
    if not wanted:
        return rows
    if isinstance(rows, Made) and rows.words is not None:
        looked = rows.words
        return replace(rows, items=[one for one in rows.items if all(word in looked(one) for word in wanted)])
    return [row for row in rows if all(any(word in _text(cell) for cell in row.cells) for word in wanted)]


def _text(cell: Cell) -> str:
    return f"{cell.text} {cell.note} {'' if cell.value is None else cell.value}".casefold()


def _sorted(rows: Sequence[Row], columns: Sequence[Column], asked: Asked) -> Sequence[Row]:
    places = {column.key: place for place, column in enumerate(columns) if column.sortable}
    if asked.column not in places:
        return rows
    if isinstance(rows, Made) and asked.column in rows.values:
        return replace(rows, items=_ordered(rows.items, rows.values[asked.column], descending=asked.descending))
    place = places[asked.column]
    return _ordered(rows, lambda row: row.cells[place].value, descending=asked.descending)


def _ordered(some: Iterable[Item], value: Callable[[Item], Any], *, descending: bool) -> list[Item]:
    """Return them by their values, those without one last whichever way."""
    filled: list[Item] = []
    blank: list[Item] = []
    for one in some:
        (blank if value(one) is None else filled).append(one)

    def key(one: Item) -> Any:
        found = value(one)
        return found.casefold() if isinstance(found, str) else found

    return sorted(filled, key=key, reverse=descending) + blank


def _plain(cell: Cell, column: Column) -> Value:
    if isinstance(cell.value, datetime):
        return timezone.localtime(cell.value).replace(tzinfo=None)
    if column.kind in {"number", "day"}:
        return cell.value
    return cell.text or cell.value
