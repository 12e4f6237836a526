"""The one error type of the house: a code and its facts, no prose, no HTTP.

The code is a key of the Japanese and English texts in `sekisho.texts`; `params` fill its
placeholders. Each module defines its own subclasses beside the functions that raise them.
"""

from collections.abc import Mapping


class SekishoError(Exception):
    """A refusal or defect that a person can act on.

    `exit_status` follows CONTRACT: 2 means bad usage or input and nothing was changed,
    3 means that a system could not be reached.
    """

    exit_status = 2

    def __init__(self, code: str, params: Mapping[str, object] | None = None) -> None:
        super().__init__(code, dict(params or {}))
        self.code = code
        self.params: dict[str, object] = dict(params or {})
