"""The company folder: every file of CONTRACT "The company folder" -> typed lines and defects.

Here: which files are read, in which order, and what the whole holds. Not here: cells
(`folder_tables`), TOML (`folder_toml`), what must hold between files (`folder_checks`), the store
(`services.folder`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from sekisho.core.errors import SekishoError
from sekisho.intake.folder_columns import COLUMNS, Line
from sekisho.intake.folder_tables import FileRead, read_file
from sekisho.intake.folder_toml import read_company, read_entries

DEFAULT_ZONE = "Asia/Tokyo"


class NotAFolder(SekishoError):
    """There is no such folder, or none of the files in it is one of a company folder."""


class UnreadableFile(SekishoError):
    """A file is there and cannot be opened."""


@dataclass(slots=True)
class Folder:
    """The files that were there, by name; `unknown_files` look like data and are none of ours."""

    files: dict[str, FileRead] = field(default_factory=dict)
    unknown_files: list[str] = field(default_factory=list)

    def lines(self, file: str, table: str | None = None) -> Iterator[Line]:
        """Yield the accepted lines of a file, none where the file is not there; of a TOML file, of one table."""
        found = self.files.get(file)
        for line in found.lines if found else ():
            if table is None or line.values["table"] == table:
                yield line

    def words(self, file: str, column: str, table: str | None = None) -> set[str]:
        """Return what a text column holds anywhere, blanks left out."""
        return {line.values[column] for line in self.lines(file, table) if line.values[column]}


def read_folder(path: Path) -> Folder:
    """Read every file of a company folder; files that are not there say nothing.

    Raises:
        NotAFolder: no folder, or none of its files is ours.
        UnreadableFile, Unreadable, MissingColumn, ColumnTwice: a csv file that cannot be taken at all.
        UnreadableToml, MissingKey, BadKey, TwoVersions: a TOML file that cannot.
    """
    if not path.is_dir():
        raise NotAFolder("folder.not_there", {"folder": str(path)})
    folder = Folder()
    if (path / "company.toml").exists():
        folder.files["company.toml"] = read_company(_bytes(path / "company.toml"))
    zone = ZoneInfo(next(iter(folder.words("company.toml", "timezone", "company")), DEFAULT_ZONE))
    for name in COLUMNS:
        if (path / name).exists():
            folder.files[name] = read_file(name, _bytes(path / name), zone)
    for name in ("rules.toml", "access.toml"):
        if (path / name).exists():
            folder.files[name] = read_entries(name, _bytes(path / name))
    if not folder.files:
        raise NotAFolder("folder.nothing", {"folder": str(path)})
    folder.unknown_files = sorted(
        entry.name
        for entry in path.iterdir()
        if entry.suffix.lower() in {".csv", ".toml", ".tsv"} and entry.name not in folder.files
    )
    return folder


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile("folder.unreadable", {"file": path.name, "detail": error.strerror or ""}) from error
