"""Plans, approvals, and the journal of each operation."""

from django.db import models


class Plan(models.Model):
    """A plan as written: the canonical bytes whose hash is approved."""

    sha256 = models.CharField(max_length=64, unique=True)
    as_of = models.DateTimeField()
    known_at = models.DateTimeField()
    planned_by = models.CharField(max_length=150)
    planned_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    document = models.JSONField()


class PlanApproval(models.Model):
    """An approval of a root hash; never the planner's."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="approvals")
    by = models.CharField(max_length=150)
    method = models.CharField(max_length=32)
    at = models.DateTimeField()
    assertion = models.JSONField(null=True)
    """What a passkey signed and the key to check it with; null where the approval is no signature."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "by"], name="approval_once_each")]


class Cutover(models.Model):
    """One carrying-out of one plan; resumed by whoever holds the lease."""

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="cutover")
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=150)
    runners = models.JSONField(default=list)
    """Everyone who ran it: who started it, then who went on with it."""
    phase = models.PositiveSmallIntegerField()
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)


class OperationRecord(models.Model):
    """The journal of one operation: intended before the call, its outcome after."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="operations")
    operation_id = models.CharField(max_length=80)
    person_id = models.CharField(max_length=64)
    side = models.CharField(max_length=32)
    system_id = models.CharField(max_length=64)
    account = models.CharField(max_length=300)
    entitlement = models.CharField(max_length=300, blank=True)
    action = models.CharField(max_length=16)
    phase = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16)
    batch = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=100, blank=True)
    detail = models.TextField(blank=True)
    changed_at = models.DateTimeField()
    read_back_at = models.DateTimeField(null=True)
    """When a read after all of a run's operations still showed it; null while that is open."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "operation_id"], name="operation_once_a_plan")]
        indexes = [
            models.Index(fields=["plan", "system_id", "phase", "state"], name="operation_todo"),
            models.Index(fields=["plan", "side", "system_id", "state"], name="operation_counts"),
            models.Index(fields=["plan", "state", "person_id"], name="operation_open"),
            models.Index(fields=["person_id"], name="operation_person"),
        ]


class VerificationRun(models.Model):
    """What one verification found. `by_side`: side → {verified, held, left_over, missing, excess, unknown}."""

    as_of = models.DateTimeField()
    verified_at = models.DateTimeField()
    verifier = models.CharField(max_length=150)
    executor = models.CharField(max_length=300, blank=True)
    needs_confirmation = models.BooleanField()
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    by_side = models.JSONField()
    deviations = models.JSONField()
    """[{kind, side, system, account, entitlement, person_id, code, params, …}], as `core.verification.Deviation`."""
    unread = models.JSONField()
    """Systems that gave no answer."""

    class Meta:
        indexes = [
            models.Index(fields=["as_of"], name="verification_as_of"),
            models.Index(fields=["verified_at"], name="verification_at"),
        ]


class Finding(models.Model):
    """A fact that someone must look at and close with a reason; it accuses nobody."""

    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=300, unique=True)
    side = models.CharField(max_length=32, blank=True)
    person_id = models.CharField(max_length=64, blank=True)
    params = models.JSONField()
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    disposition = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["closed_at", "side", "kind", "raised_at"], name="finding_open"),
            models.Index(fields=["person_id"], name="finding_person"),
        ]
