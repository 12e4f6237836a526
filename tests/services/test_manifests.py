import pytest

import hr_files
from hr_files import NOW
from sekisho.core.kinds import NETWORK, Role
from sekisho.core.periods import Period
from sekisho.core.users import Actor, RoleGrant
from sekisho.services import manifests
from sekisho.store import models

pytestmark = pytest.mark.django_db

CONTENT = b"order_no,employee_no,effective_date\nA1,00101,2024-04-01\nA1,00102,2024-04-01\n"


def actor(role: Role) -> Actor:
    return Actor(name=role.value, roles=(RoleGrant(role, NETWORK, Period(hr_files.LONG_AGO)),))


def test_hr_signs_the_list_and_its_hash_stands_in_the_ledger():
    hr_files.world()
    signed = manifests.sign(actor=actor(Role.HR), now=NOW, name="m.csv", content=CONTENT)
    assert (signed.movers, signed.signed_by, signed.rejections) == (2, "hr", ())
    assert models.Manifest.objects.get().movers == [["P1", "A1", "2024-04-01"], ["P2", "A1", "2024-04-01"]]
    leaf = bytes(models.LedgerEntry.objects.get(kind="manifest.signed").leaf).decode()
    assert signed.sha256 in leaf
    assert "P1" not in leaf


def test_the_same_list_keeps_its_first_signature():
    hr_files.world()
    manifests.sign(actor=actor(Role.HR), now=NOW, name="m.csv", content=CONTENT)
    again = manifests.sign(actor=hr_files.HR, now=NOW, name="m.csv", content=CONTENT)
    assert again.signed_by == "hr"
    assert models.LedgerEntry.objects.filter(kind="manifest.signed").count() == 1


@pytest.mark.parametrize("role", [Role.COMPLIANCE, Role.IT_OPERATION, Role.ADMINISTRATOR])
def test_nobody_but_hr_signs(role: Role):
    hr_files.world()
    with pytest.raises(manifests.NotAllowed):
        manifests.sign(actor=actor(role), now=NOW, name="m.csv", content=CONTENT)
    assert not models.Manifest.objects.exists()


def test_a_row_of_nobody_is_named_and_is_not_on_the_list():
    hr_files.world()
    signed = manifests.sign(actor=hr_files.HR, now=NOW, name="m.csv", content=CONTENT + b"A1,99999,2024-04-01\n")
    assert [(defect.row, defect.column) for defect in signed.rejections] == [(4, "employee_no")]
    assert (signed.rows_in, signed.movers, signed.ignored) == (3, 2, 0)
