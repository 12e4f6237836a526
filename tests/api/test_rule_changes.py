"""A brand-new rule over the API: previewed, proposed with its texts, approved by both sides, taken away."""

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

import sides
from programs import program, read
from sekisho.services import work
from sekisho.store import models

pytestmark = pytest.mark.django_db
DRAFT = {
    "rule": "board",
    "version": "1",
    "from": "2024-05-01",
    "kind": "direct_transfer",
    "type": "policy_stop",
    "from_post_classes": ["officer"],
    "to_status": ["affiliate"],
    "text": {"ja": "役員は移らない", "en": "no officer moves"},
    "source": "programme",
}


@pytest.fixture(autouse=True)
def home(at_the_day: Path) -> Path:
    """Stand in the two-sided world."""
    return at_the_day


def test_from_the_draft_to_the_rule_in_force(home: Path) -> None:
    office = program("houmu", ("compliance", "both"))
    job = read(office.post("rules/previews", {"draft": DRAFT}), 202)["job_id"]
    later = sides.NOW + timedelta(hours=1)
    while work.step(home=home, clock=lambda: later):
        """Do all there is."""
    assert read(office.get(f"rules/previews/{job}"))["change"]["text"] == DRAFT["text"]
    change = read(office.post("rules/changes", {"draft": DRAFT, "reason": "new"}), 201)
    for name, side, person in (("net", "network", "PNET9"), ("aff", "affiliate", "PAFF9")):
        approver = program(name, ("executive", side), person=person)
        found = read(approver.post(f"rules/changes/{change['id']}/approve"))
    assert found["state"] == "adopted"
    assert models.Rule.objects.get(rule_id="board").body["to_status"] == ["affiliate"]
    kept = tomllib.loads(read(office.get("rules/file"))["toml"])
    assert [one["text"] for one in kept["rule"] if one["id"] == "board"] == [DRAFT["text"]]


def test_without_its_texts_a_new_rule_is_refused() -> None:
    office = program("houmu", ("compliance", "both"))
    bare = {key: value for key, value in DRAFT.items() if key != "text"}
    refused = read(office.post("rules/changes", {"draft": bare, "reason": "new"}), 422)
    assert refused["code"] == "rules.no_text"
