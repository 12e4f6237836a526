"""The OpenAPI document: whole in both languages, every operation and every field said, nothing that nobody needs."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from sekisho.api import addresses, openapi, wire
from sekisho.api.calls import CALLS

TEXTS = Path(openapi.__file__).parents[1] / "texts"


def document(language: str) -> Any:
    return openapi.document(addresses.ninja, language)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_operation_says_what_it_does_what_it_needs_and_how_it_fails(language: str) -> None:
    made = document(language)
    assert made["openapi"].startswith("3.1")
    operations = [one for methods in made["paths"].values() for one in methods.values()]
    assert sorted(one["operationId"] for one in operations) == sorted(CALLS)
    for one in operations:
        call = CALLS[one["operationId"]]
        assert one["summary"]
        assert call.scope in one["description"]
        assert one["security"] == [{"token": [call.scope]}]
        assert {"401", "403", "422", "429", "500", str(call.status)} <= set(one["responses"])
        assert ("Idempotency-Key" in [each["name"] for each in one["parameters"]]) == call.changes
        assert all(each["description"] for each in one["parameters"])


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_field_says_what_it_means(language: str) -> None:
    for name, schema in document(language)["components"]["schemas"].items():
        for field, about in schema.get("properties", {}).items():
            assert about.get("description"), f"{name}.{field}"


def test_no_text_speaks_of_a_call_or_field_that_is_no_more() -> None:
    made = document("en")
    fields = {field for one in made["components"]["schemas"].values() for field in one.get("properties", {})}
    for methods in made["paths"].values():
        fields |= {one["name"] for operation in methods.values() for one in operation["parameters"]}
    for word, known in (("api_calls", set(CALLS)), ("api_fields", fields)):
        said = set(tomllib.loads((TEXTS / "en" / f"{word}.toml").read_text("utf-8")))
        assert said <= known | {"ja", "en", "in", "problem", "fields", "detail"}, word
        assert known - said <= {"Idempotency-Key"}, word


def test_every_shape_has_a_name_of_its_own() -> None:
    """Shapes stand by name in the document: two of one name would be one of them."""

    def shapes(of: type) -> list[type]:
        return [found for one in of.__subclasses__() for found in (one, *shapes(one))]

    names = [one.__name__ for base in (wire.Answer, wire.Question) for one in set(shapes(base))]
    own = [name for name in names if not name.startswith("Listed[")]
    assert sorted(own) == sorted(set(own))
