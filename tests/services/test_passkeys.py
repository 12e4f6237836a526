"""Approval by passkey: what is signed, what is refused, and that a stranger can check it with the standard library."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import authenticators
import sites
from sekisho.services import passkeys, verify_approval

pytestmark = pytest.mark.django_db
PLAN = "ab" * 32


@pytest.fixture
def key() -> authenticators.Passkey:
    made = authenticators.Passkey()
    made.register(sites.user("joshisu-2"))
    return made


def check(response: str, name: str = "joshisu-2", plan: str = PLAN) -> dict[str, object]:
    return dict(passkeys.check(name=name, plan_sha256=plan, response=response))


def test_a_passkey_signs_the_hash_of_the_plan_and_a_stranger_can_check_it(
    key: authenticators.Passkey, tmp_path: Path
) -> None:
    kept = check(key.sign(passkeys.challenge(plan_sha256=PLAN)))
    assert verify_approval.problem(kept) == ""
    file = tmp_path / "0001.json"
    file.write_text(json.dumps(kept), "utf-8")
    script = Path(verify_approval.__file__)
    ran = subprocess.run([sys.executable, "-I", "-S", script, file], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.rpartition(": ")[2]) == (0, "approved by joshisu-2\n")


def test_the_offline_script_finds_every_kind_of_tampering(key: authenticators.Passkey) -> None:
    kept = check(key.sign(passkeys.challenge(plan_sha256=PLAN)))
    other = authenticators.Passkey().key.public_key().public_numbers()
    strange = {
        "alg": -7,
        "x": authenticators.b64(other.x.to_bytes(32, "big")),
        "y": authenticators.b64(other.y.to_bytes(32, "big")),
    }
    for change in (
        {"plan": "cd" * 32},
        {"origin": "https://elsewhere.example"},
        {"rp_id": "elsewhere.example"},
        {"public_key": strange},
        {"public_key": {"alg": -8, "x": strange["x"]}},
        {"signature": authenticators.b64(b"\x30\x06\x02\x01\x01\x02\x01\x01")},
    ):
        assert verify_approval.problem(kept | change), change


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"origin": "https://elsewhere.example"}, "passkeys.other_site"),
        ({"flags": authenticators.PRESENT}, "passkeys.not_verified"),
        ({"kind": "webauthn.create"}, "passkeys.other_plan"),
    ],
)
def test_an_assertion_that_is_not_for_this_is_refused(
    key: authenticators.Passkey, how: dict[str, object], code: str
) -> None:
    with pytest.raises(passkeys.BadAssertion) as caught:
        check(key.sign(passkeys.challenge(plan_sha256=PLAN), **how))  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_signature_over_another_plan_is_refused(key: authenticators.Passkey) -> None:
    with pytest.raises(passkeys.BadAssertion, match="other_plan"):
        check(key.sign(passkeys.challenge(plan_sha256="cd" * 32)))


def test_somebody_elses_passkey_is_refused(key: authenticators.Passkey) -> None:
    authenticators.Passkey(b"another credential").register(sites.user("houmu"))
    with pytest.raises(passkeys.BadAssertion, match="not_yours"):
        check(key.sign(passkeys.challenge(plan_sha256=PLAN)), name="houmu")


def test_a_forged_signature_is_refused(key: authenticators.Passkey) -> None:
    forger = authenticators.Passkey(key.credential_id)
    with pytest.raises(passkeys.BadAssertion, match="bad_signature"):
        check(forger.sign(passkeys.challenge(plan_sha256=PLAN)))


@pytest.mark.parametrize("response", ["", "{}", "[]", "not json", '{"rawId": "x", "response": {}}'])
def test_nonsense_is_refused_as_unreadable(key: authenticators.Passkey, response: str) -> None:
    with pytest.raises(passkeys.BadAssertion, match="unreadable"):
        check(response)


def test_who_has_no_passkey_is_told_so() -> None:
    sites.user("shain")
    assert passkeys.options(name="shain", plan_sha256=PLAN) is None
    with pytest.raises(passkeys.NoPasskey):
        check("{}", name="shain")


def test_the_script_is_short_and_stands_alone() -> None:
    text = Path(verify_approval.__file__).read_text("utf-8")
    assert len(text.splitlines()) <= 150
    assert "import sekisho" not in text
    assert "from sekisho" not in text
