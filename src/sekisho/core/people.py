"""People, their employee numbers and their posts over time.

Here: the facts and the timeline that a fold over them gives. The fold itself is in `timeline`.
A person is one `person_id` through all numbers, names and companies (law 10).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sekisho.core.kinds import EmploymentKind, PersonId, PostClass, PostKind
from sekisho.core.periods import Period


@dataclass(frozen=True, slots=True)
class EmployeeNumber:
    """One number that one company gave to one person."""

    person_id: PersonId
    company: str
    employee_no: str
    period: Period


class NumberBook:
    """Employee numbers as known at one moment, asked for many rows. Never by name (law 10)."""

    def __init__(self, numbers: Iterable[EmployeeNumber]) -> None:
        self._numbers: dict[tuple[str, str], list[EmployeeNumber]] = {}
        for number in numbers:
            self._numbers.setdefault((number.company, number.employee_no), []).append(number)

    def person_of(self, company: str, employee_no: str, on: date) -> PersonId | None:
        """Return whose number it is on the day.

        Off the day, a number that only one person ever had is still theirs: files name leavers and
        joiners by numbers just ended or just given. None where two persons claim it: not for us to choose.
        """
        rows = self._numbers.get((company, employee_no), [])
        holders = {row.person_id for row in rows if row.period.holds(on)} or {row.person_id for row in rows}
        return holders.pop() if len(holders) == 1 else None


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name while it holds; for people to read, never to match by."""

    person_id: PersonId
    name: str
    kana: str
    former_name: str
    period: Period


@dataclass(frozen=True, slots=True)
class Post:
    """A post 職位 held by a person for a period.

    `company` is the workplace (where the unit belongs), `employer` the company that employs:
    they differ on secondment. `origin` names the fact it came from: `roster:<n>` or the order's id.
    """

    person_id: PersonId
    company: str
    unit: str
    employer: str
    kind: PostKind
    post_no: str
    title: str
    classes: frozenset[PostClass]
    employment: EmploymentKind
    period: Period
    origin: str
    share: Decimal | None = None
    sponsor: PersonId | None = None
    contract_end: date | None = None
    ended_by: str | None = None
    """The order that ended it, where one did; a post cut by its contract's end has None."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A leave 休職: the posts go on, nobody is in them; leave is no post and no neutral stay."""

    person_id: PersonId
    period: Period
    origin: str


@dataclass(frozen=True, slots=True)
class RosterPost:
    """One row of people.csv: a post as the opening roster states it, before any order."""

    post: Post
    on_leave: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """All posts and absences of one person as known at one moment, sorted by start.

    `home_posts` are kept while the person is seconded elsewhere: not held, but returned to.
    `passed` are posts entered and left on one day (start = end): held on no day, yet on the path.
    """

    person_id: PersonId
    posts: tuple[Post, ...]
    absences: tuple[Absence, ...] = ()
    home_posts: tuple[Post, ...] = ()
    problems: tuple["Problem", ...] = field(default=())
    passed: tuple[Post, ...] = ()

    def held_on(self, day: date) -> tuple[Post, ...]:
        """Return the posts whose period holds the day, whether or not the person is on leave."""
        return tuple(post for post in self.posts if post.period.holds(day))

    def on_leave(self, day: date) -> bool:
        """Tell whether the person is on leave on the day."""
        return any(absence.period.holds(day) for absence in self.absences)

    def active_on(self, day: date) -> tuple[Post, ...]:
        """Return the posts the person works in on the day: none while on leave."""
        return () if self.on_leave(day) else self.held_on(day)


@dataclass(frozen=True, slots=True)
class Problem:
    """An order that could not be applied to the timeline, said and never swallowed."""

    order_id: str
    code: str
    params: tuple[tuple[str, str], ...] = ()
