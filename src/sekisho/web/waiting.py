"""Whom something waits for, in words: exceptions and changes of the rules are approved side by side."""

from collections.abc import Iterable

from sekisho.services.approvals_shown import Waiting
from sekisho.web.words import language, say, side_name


def joined(words: Iterable[str]) -> str:
    """Return words in a row as the reader's language writes them."""
    return ("、" if language() == "ja" else ", ").join(words)


def waits_words(one: Waiting) -> str:
    """Return a side and who may approve there."""
    if one.persons is None:
        who = say("page_exceptions.some", n=one.count)
    else:
        who = joined(f"{name}（{person}）" for person, name in one.persons) or say("page_exceptions.nobody")
    return say("page_exceptions.waits", side=side_name(one.side), who=who)
