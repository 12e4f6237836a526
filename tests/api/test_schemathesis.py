"""Every operation of the API is as its OpenAPI document says: schemathesis in process, the same examples every time.

All of schemathesis' checks are on. One is put sharper than it comes: what fits the document may be refused by the
business, with a code of its own, but never for its shape.
"""

import json
from pathlib import Path

import pytest
import schemathesis
from django.core.cache import cache
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckContext, Config, Response
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

import programs
import sides
import sites
from sekisho.api import addresses, admission, openapi
from sekisho.wsgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.long(0)]
load_all_checks()
SHAPE = {"api.invalid", "api.bad_query", "api.unreadable", "api.media_type", "api.no_key"}
"""Codes of a refusal for what the document itself forbids."""
EXAMPLES = 2
"""Random calls an operation, beside the systematic ones."""
COVERAGE = {"phases": {"coverage": {"unexpected-methods": ["PATCH", "TRACE"]}}}
"""Two methods that no address knows stand for all: each answers alike."""
SCHEMA = schemathesis.openapi.from_dict(openapi.document(addresses.ninja, "en"), config=Config.from_dict(COVERAGE))
SCHEMA.app = application


@schemathesis.check
def good_data_is_not_refused_for_its_shape(ctx: CheckContext, response: Response, case: Case) -> None:
    """Let nothing that fits the document be refused as if it did not."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code >= 400 and json.loads(response.content)["code"] in SHAPE:
        raise AssertionError(f"refused for its shape: {response.content.decode()}")


@pytest.fixture
def secret(world: sides.World, at_the_day: Path) -> str:
    cache.clear()
    admission._calls.clear()  # it asks more often than any program
    roles = ("hr", "compliance", "it_operation", "administrator", "internal_audit")
    sites.user("everything", *((role, "both") for role in roles))
    return programs.token("everything")


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_an_operation_is_as_the_document_says(case: Case, secret: str) -> None:
    case.call_and_validate(
        headers={"Authorization": f"Bearer {secret}"},
        excluded_checks=[positive_data_acceptance],
    )
