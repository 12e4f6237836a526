"""What a refused call leaves in the ledger: that both sides were read, that a passkey seems copied (law 4)."""

import json
from pathlib import Path

import pytest
from django.http import HttpResponse

import authenticators
import sides
from programs import Program, program, read
from sekisho.services import passkeys
from sekisho.store import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def sha256(world: sides.World, at_the_day: Path) -> str:
    return str(json.loads(world.plan)["sha256"])


def approve(caller: Program, sha256: str, key: authenticators.Passkey) -> HttpResponse:
    assertion = json.loads(key.sign(passkeys.challenge(plan_sha256=sha256)))
    return caller.post(f"plans/{sha256}/approve", {"assertion": assertion})


def entries(kind: str, actor: str) -> int:
    found = models.LedgerEntry.objects.filter(kind=kind)
    return sum(json.loads(bytes(leaf))["actor"] == actor for leaf in found.values_list("leaf", flat=True))


def test_a_copied_passkey_is_an_entry_though_the_call_is_refused(sha256: str) -> None:
    caller, key = program("shonin", ("compliance", "both")), authenticators.Passkey()
    key.register(models.User.objects.get(username="shonin"))
    read(approve(caller, sha256, key))
    key.counter = 0
    assert read(approve(caller, sha256, key), 409)["code"] == "passkeys.cloned"
    assert entries("passkey.suspected", "shonin") == 1


def test_a_read_of_both_sides_is_an_entry_though_the_call_is_refused(sha256: str) -> None:
    caller, key = program("ryogawa", ("cross_side", "both"), ("compliance", "network")), authenticators.Passkey()
    key.register(models.User.objects.get(username="ryogawa"))
    before = entries("fact.read", "ryogawa")
    body = {"assertion": json.loads(key.sign(b"something else"))}
    assert read(caller.post(f"plans/{sha256}/approve", body), 422)["code"] == "passkeys.other_plan"
    assert entries("fact.read", "ryogawa") > before
    assert entries("plan.approved", "ryogawa") == 0
