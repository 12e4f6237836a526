"""Fields of forms in templates: label, help, and the error beside its field, tied together for a screen reader."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("parts/field.html", takes_context=True)
def field(context: Mapping[str, Any], name: str, label: str, **given: object) -> dict[str, object]:
    """Return what a field shows: `{% field "end" label type="date" help=sentence required=False %}`.

    The page's `posted` (what was typed) wins over `value`; the page's `errors` by field name stand beside it. `options`
    are (value, words); `rows` makes a text area. Everything else given becomes an attribute of the input.
    """
    posted, errors = context.get("posted") or {}, context.get("errors") or {}
    shown = {"type": "text", "value": "", "required": True, "help": "", "options": None, "rows": None} | given
    attributes = {key: value for key, value in given.items() if key not in _OURS and value not in {None, "", False}}
    identity = str(given.get("id") or name)
    return {
        **shown,
        "name": name,
        "id": identity,
        "label": label,
        "value": posted.get(name, shown["value"]) if hasattr(posted, "get") else shown["value"],
        "error": errors.get(name, ""),
        "attributes": attributes,
    }


_OURS = frozenset({"type", "value", "required", "help", "options", "rows", "id"})
