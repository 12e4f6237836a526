"""The codes of "you may not", and how a page says them; any other answer came after the question of the role."""

import re
from string import Formatter

from sekisho.texts import catalogue

REFUSALS = {
    "orders.unknown_file",
    "orders.unknown_upload",
    "jobs.may_not_ask",
    "jobs.may_not_ask_both",
    "jobs.no_schedule",
    "jobs.unknown",
    "verification.may_not_confirm",
    "verification.may_not_verify",
    "administration.administrators_only",
    "administration.unknown_proposal",
    "administration.proposal_other_office",
    "cutover.not_allowed",
    "exceptions.may_not_request",
    "exceptions.may_not_withdraw",
    "exceptions.not_listed",
    "exceptions.unknown",
    "findings.may_not_close",
    "folder.not_allowed",
    "grants.not_allowed",
    "grants.unknown",
    "installation.administrators_only",
    "ledger.destruction_refused",
    "ledger.may_not_hand_out",
    "ledger.no_pack",
    "orders.manifest_not_allowed",
    "orders.not_allowed",
    "people.not_allowed",
    "plans.may_not_approve",
    "plans.may_not_plan",
    "profiles.not_allowed",
    "tokens.unknown",
    "rules.may_not_propose",
    "rules.may_not_withdraw",
    "rules.not_listed",
    "users.no_role",
    "visibility.refused",
}


def says_no(page: str) -> bool:
    """Tell whether a page, in Japanese, says one of the refusals."""
    return any(pattern.search(page) for pattern in _SENTENCES)


def _sentence(code: str) -> re.Pattern[str]:
    word, _, name = code.partition(".")
    parts = [re.escape(words) + ("[^<]*" if field else "") for words, field, _, _ in _parsed(word, name)]
    return re.compile("".join(parts))


def _parsed(word: str, name: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return list(Formatter().parse(catalogue("ja", word)[name]))


_SENTENCES = [_sentence(code) for code in sorted(REFUSALS)]
