"""Approval by passkey: what is signed, what is refused, and that a stranger can check it with the standard library."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from fido2.cose import EdDSA

import authenticators
import sites
from sekisho.services import passkeys, verify_approval
from sekisho.store import models

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
    assert ran.returncode == 0, ran.stdout
    assert f": approved by joshisu-2, passkey registered {kept['registered_at']}" in ran.stdout


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


# Whose key it is, and whether there is a second one


def test_a_passkey_that_counts_upwards_signs_plan_after_plan(key: authenticators.Passkey) -> None:
    for number in range(3):
        signed = check(key.sign(passkeys.challenge(plan_sha256=f"{number}" * 64)), plan=f"{number}" * 64)
        keep(signed, f"{number}" * 64)


def test_a_passkey_that_does_not_count_signs_as_well(key: authenticators.Passkey) -> None:
    key.step = 0
    for plan in ("1" * 64, "2" * 64):
        keep(check(key.sign(passkeys.challenge(plan_sha256=plan)), plan=plan), plan)


def keep(signed: dict[str, object], plan: str) -> None:
    """Keep an approval as plans do."""
    at = datetime(2027, 3, 20, tzinfo=UTC)
    times = {"as_of": at, "known_at": at, "planned_at": at, "expires_at": at}
    row = models.Plan.objects.create(sha256=plan, planned_by="joshisu", document={}, **times)
    models.PlanApproval.objects.create(plan=row, by=str(signed["user"]), method="passkey", at=at, assertion=signed)


def test_a_copy_of_a_passkey_is_noticed_refused_and_written_down(key: authenticators.Passkey) -> None:
    copy = authenticators.Passkey(key.credential_id, key.key)
    for plan in ("1" * 64, "2" * 64):
        keep(check(key.sign(passkeys.challenge(plan_sha256=plan)), plan=plan), plan)
    with pytest.raises(passkeys.Cloned):
        check(copy.sign(passkeys.challenge(plan_sha256=PLAN)))
    entry = models.LedgerEntry.objects.get(kind="passkey.suspected")
    assert b'"came":1' in bytes(entry.leaf)
    assert b'"seen":2' in bytes(entry.leaf)


def test_the_same_form_sent_twice_is_no_copy(key: authenticators.Passkey) -> None:
    response = key.sign(passkeys.challenge(plan_sha256=PLAN))
    signed = check(response)
    keep(signed, PLAN)
    assert check(response) == signed


def test_who_may_not_sign_in_signs_nothing(key: authenticators.Passkey) -> None:
    models.User.objects.filter(username="joshisu-2").update(is_active=False)
    with pytest.raises(passkeys.NoPasskey):
        check(key.sign(passkeys.challenge(plan_sha256=PLAN)))


def test_a_signature_asked_for_inside_another_sites_frame_is_refused(key: authenticators.Passkey) -> None:
    with pytest.raises(passkeys.BadAssertion, match="other_site"):
        check(key.sign(passkeys.challenge(plan_sha256=PLAN), framed=True))


def test_what_is_kept_says_since_when_the_passkey_was_there(key: authenticators.Passkey) -> None:
    kept = check(key.sign(passkeys.challenge(plan_sha256=PLAN)))
    assert datetime.fromisoformat(str(kept["registered_at"])).date() == datetime.now(UTC).date()


def test_the_kind_of_key_that_the_script_cannot_check_approves_nothing() -> None:
    user, private = sites.user("houmu"), ed25519.Ed25519PrivateKey.generate()
    odd = authenticators.Passkey(key=private, cose=EdDSA.from_cryptography_key(private.public_key()))
    odd.register(user)
    with pytest.raises(passkeys.BadAssertion, match="not_checkable"):
        check(odd.sign(passkeys.challenge(plan_sha256=PLAN)), name="houmu")
