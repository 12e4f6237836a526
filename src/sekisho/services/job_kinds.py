"""The kinds of background work: who may ask for each, what it is about, on which sides. 処理の種類."""

from collections.abc import Mapping
from datetime import datetime

from sekisho.core.kinds import NEUTRAL, Role
from sekisho.core.visibility import FactKind
from sekisho.store import models

CUTOVER, VERIFICATION, CHECK, PLAN, REPLAN = "cutover", "verification", "check", "plan", "replan"
IMPORT, AUDIT, PACK = "import", "audit", "pack"
PREVIEW, RESCREEN = "preview", "rescreen"
_SYSTEMS = (Role.IT_OPERATION,)
BY_HOUSE = "rule_change"
"""The parameter of work that follows from an adopted rule and judges every side; nobody can ask for it with that."""
ASKING: Mapping[str, tuple[Role, ...]] = {
    PLAN: _SYSTEMS,
    REPLAN: _SYSTEMS,
    CUTOVER: _SYSTEMS,
    VERIFICATION: (Role.IT_OPERATION, Role.COMPLIANCE, Role.INTERNAL_AUDIT),
    CHECK: (Role.HR, Role.COMPLIANCE),
    IMPORT: (Role.HR, Role.COMPLIANCE),
    AUDIT: (Role.COMPLIANCE, Role.INTERNAL_AUDIT, Role.IT_OPERATION, Role.ADMINISTRATOR),
    PACK: (Role.COMPLIANCE, Role.INTERNAL_AUDIT),
    PREVIEW: (Role.HR, Role.COMPLIANCE),
    RESCREEN: (Role.HR, Role.COMPLIANCE),
}
"""Kind of job → who may ask for it."""
WHOLE = frozenset({PLAN, REPLAN, CUTOVER})
"""Kinds that show or change every side, so whoever asks must hold the role for every side."""
ABOUT: Mapping[str, FactKind] = {
    VERIFICATION: FactKind.DEVIATION,
    IMPORT: FactKind.ORDER_FILE,
    **dict.fromkeys((AUDIT, PACK), FactKind.ENTRY),
    **dict.fromkeys((CHECK, PREVIEW, RESCREEN), FactKind.VERDICT),
}
"""Kind of job → the kind of fact it is about; plans, where it is not named."""


def sides(*, now: datetime) -> list[str]:
    """Return the sides that systems and their entitlements have."""
    found = set(models.System.objects.as_known_at(now).values_list("side", flat=True).distinct())
    found |= set(models.Entitlement.objects.as_known_at(now).values_list("side", flat=True).distinct())
    return sorted(str(side) for side in found if side and side != NEUTRAL)
