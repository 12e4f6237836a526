"""What the demo leaves for whoever takes its tour: HR's next file and the list of movers; elsewhere there is none."""

from datetime import datetime
from pathlib import Path

from sekisho.core.errors import SekishoError
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.services import installation, visibility


class NoTour(SekishoError):
    """This home was not made by the demo, or the file is none of the tour's."""


def is_there(*, home: Path) -> bool:
    """Tell whether the home was made by the demo and has a tour."""
    return installation.is_rehearsal(home=home) and (home / "demo" / "next").is_dir()


def files(*, home: Path) -> tuple[str, ...]:
    """Return the names of the tour's files, HR's file first.

    Raises:
        NoTour: this is no demo.
    """
    if not is_there(home=home):
        raise NoTour("tour.none")
    return tuple(sorted(file.name for file in (home / "demo" / "next").iterdir()))


def file(*, actor: Actor, now: datetime, home: Path, name: str) -> bytes:
    """Return one of the tour's files, to those who may read HR's files.

    Raises:
        NoTour, NotVisible
    """
    visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now)
    if name not in files(home=home):
        raise NoTour("tour.none")
    return (home / "demo" / "next" / name).read_bytes()
