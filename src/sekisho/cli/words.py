"""Words for codes that would otherwise stand bare before people. JSON keeps the codes."""

from collections.abc import Mapping

from sekisho.core.kinds import OrderType
from sekisho.texts import catalogue, reader_language, text

_ANY = "-"
_TYPES = {kind.value for kind in OrderType}


def side(code: str | None, language: str | None = None) -> str:
    """Return the word for a side; one of the company's own making is its own word."""
    name = "any" if code == _ANY else code or "neutral"
    return catalogue(language or reader_language(), "cli").get(f"side_{name}", name)


def order(origin: str, language: str | None = None) -> str:
    """Return the number and type of the order behind an origin; what is no order's id stands as it is.

    An order's id is `OrderKey.text()` with `#n`: company/number/employee/type/post#n, where a number may
    have a slash of its own.
    """
    parts = origin.rpartition("#")[0].split("/")
    found = next((at for at in range(len(parts) - 1, 2, -1) if parts[at] in _TYPES), None)
    if found is None:
        return origin
    kind = text(f"cli.order_{parts[found]}", language=language or reader_language())
    return f"{'/'.join(parts[1 : found - 1])} {kind}"


def shown(code: str, params: Mapping[str, object], language: str) -> dict[str, object]:
    """Return the facts of a sentence with words for sides, kinds of fact and orders' ids."""
    facts = dict(params)
    if isinstance(named := facts.get("side"), str):
        facts["side"] = side(named, language)
    if isinstance(number := facts.get("order_no"), str):
        facts["order_no"] = order(number, language)
    if code == "visibility.refused":
        kind = str(facts.get("kind"))
        facts["kind"] = catalogue(language, "visibility").get(f"kind_{kind}", kind)
    return facts
