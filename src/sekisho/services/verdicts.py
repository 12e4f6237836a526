"""Verdicts in words and on the wire: the codes of the core become sentences in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sekisho.core.kinds import Outcome, RuleType
from sekisho.core.rules import RuleRef
from sekisho.core.verdicts import PathStep, Verdict
from sekisho.texts import LANGUAGES, catalogue, text

_JOINED = {"ja": "、", "en": ", "}
_SPACE = {"ja": "", "en": " "}
_ENDS_ITSELF = frozenset("。.")


@dataclass(frozen=True, slots=True)
class _Words:
    """The facts of a verdict in one language."""

    language: str
    facts: Mapping[str, str]

    def place(self, end: str) -> str:
        """Return one end of the move: name, code and the classes that count."""
        unit = self.facts.get(f"{end}_unit", "")
        name = self.facts.get(f"{end}_name", unit)
        said = [unit] if unit and unit != name else []
        said += [class_name(code, self.language) for code in self._list(f"{end}_classes")]
        if not said:
            return name
        inside = _JOINED[self.language].join(said)
        return f"「{name}」（{inside}）" if self.language == "ja" else f"“{name}” ({inside})"

    def rule_text(self) -> str:
        """Return the rule in the words of those who made it, as a sentence of its own."""
        said = self.facts.get(f"rule_{self.language}", "").strip()
        if said and said[-1] not in _ENDS_ITSELF:
            said += "。" if self.language == "ja" else "."
        return said + _SPACE[self.language] if said else ""

    def others(self) -> str:
        """Return the sentence that names the further rules, or nothing."""
        names = self._list("others")
        if not names:
            return ""
        return _SPACE[self.language] + text(
            "screening.others", {"others": _JOINED[self.language].join(names)}, self.language
        )

    def _list(self, name: str) -> list[str]:
        return [word for word in self.facts.get(name, "").split(";") if word]


def reason(verdict: Verdict) -> dict[str, str]:
    """Return why, in both languages: which units and classes, which rule and version, what to do."""
    facts = tuple(verdict.params.items())
    return {
        language: _sentence(verdict.code, facts, language, advice(verdict.code, language)) for language in LANGUAGES
    }


def why(verdict: Verdict, language: str) -> str:
    """Return the reason without the advice, for lists that give the advice once."""
    return _sentence(verdict.code, tuple(verdict.params.items()), language, "")


def advice(code: str, language: str) -> str:
    """Return what to do about a verdict of this code, the same for all of them; "" where the reason says it all."""
    word, _, name = code.partition(".")
    known = catalogue(language, word)
    said = known.get(f"advice_{name}")
    return _SPACE[language].join((said, known["held"])) if said else ""


@lru_cache(maxsize=10_000)
def _sentence(code: str, params: tuple[tuple[str, str], ...], language: str, what_to_do: str) -> str:
    """Return the sentence; most orders of one day are told the same."""
    words = _Words(language, dict(params))
    facts = {
        **words.facts,
        "from": words.place("from"),
        "to": words.place("to"),
        "text": words.rule_text(),
        "advice": what_to_do,
    }
    return text(code, facts, language).rstrip() + words.others()


def class_name(code: str, language: str) -> str:
    """Return the word for a unit's class; a class of the company's own making is its own word."""
    return catalogue(language, "rules").get(f"class_{code}", code)


def document(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as the store and the ledger keep it."""
    return {
        "outcome": verdict.outcome.value,
        "rules": [{"id": ref.id, "version": ref.version, "type": ref.type.value} for ref in verdict.rules],
        "path": [step(one) for one in verdict.path],
        "code": verdict.code,
        "params": dict(verdict.params),
        "exceptions": list(verdict.exceptions),
    }


def read(kept: dict[str, Any]) -> Verdict:
    """Return the verdict that `document` wrote."""
    return Verdict(
        outcome=Outcome(kept["outcome"]),
        rules=tuple(RuleRef(ref["id"], ref["version"], RuleType(ref["type"])) for ref in kept["rules"]),
        path=tuple(
            PathStep(
                one["company"],
                one["unit"],
                str(one["from"]),
                one["to"],
                None if one["classes"] is None else tuple(one["classes"]),
            )
            for one in kept["path"]
        ),
        code=kept["code"],
        params=kept["params"],
        exceptions=tuple(kept["exceptions"]),
    )


def step(one: PathStep) -> dict[str, Any]:
    """Return one step of the path as the wire carries it; `to` is the first day after, None while it lasts."""
    return {
        "company": one.company,
        "unit": one.unit,
        "from": one.start,
        "to": one.end,
        "classes": None if one.classes is None else list(one.classes),
    }
