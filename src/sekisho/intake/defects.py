"""What is wrong, or worth a look, at one place of a file: the words of law 9.

Not here: the sentences (texts), the counting (`order_files`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Note:
    """A reason as a code with its facts; the sentence stands in `texts`."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Defect:
    """A note at its place: the row a person sees, the header as it stands there, the value as shown.

    `row` 0 speaks of the file as a whole; `sheet` is "" where the file has one table.
    """

    row: int
    column: str
    value: str
    note: Note
    sheet: str = ""
