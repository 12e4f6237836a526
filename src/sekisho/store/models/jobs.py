"""Background work: jobs, their leases, the schedules that make them, and the workers who do them."""

from django.db import models
from django.db.models import Q


class Schedule(models.Model):
    """When a kind of job is due. `repeats` is `once` or `daily`; `time` is the company's wall clock.

    `side` is that of the jobs it makes.
    """

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=32)
    side = models.CharField(max_length=32, blank=True)
    params = models.JSONField(default=dict)
    repeats = models.CharField(max_length=8)
    time = models.TimeField(null=True)
    due_at = models.DateTimeField(null=True)
    """When it is due next; null once a `once` has been made a job."""
    paused_at = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=150)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="schedule_due")]


class Job(models.Model):
    """One piece of work. `key` is its idempotency key: asking twice makes one job.

    `due_at` is when it should have begun; a job that began later than its limit says so in `missed_at`.
    `side` is whose facts it handles ("" where it is neutral, `both` where it needs both).
    """

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=32)
    params = models.JSONField(default=dict)
    side = models.CharField(max_length=32, blank=True)
    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.SET_NULL, related_name="jobs")
    requested_by = models.CharField(max_length=150)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    missed_at = models.DateTimeField(null=True)
    """When a worker saw that it was too late to begin on time; null where it was not."""
    skipped = models.PositiveIntegerField(default=0)
    """Further times of its schedule that had passed when it fell due: this one job catches them up."""
    state = models.CharField(max_length=16)
    step = models.CharField(max_length=100, blank=True)
    """The code of the sentence that says what it is doing."""
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    fruitless = models.PositiveIntegerField(default=0)
    """How many workers took it since one of them last got further than `furthest`."""
    furthest = models.PositiveIntegerField(default=0)
    """The most that was ever done of it: work that begins afresh each time gets no further by that."""
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    """Until when it waits for another process to end what stands in its way; null where nothing does."""
    heartbeat_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=100, blank=True)
    error_params = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    """What is shown of it; numbers by side under `sides`."""
    lines = models.JSONField(default=list)
    """What it found, line by line, each with its side."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "paused", "done", "failed", "cancelled"]),
                name="job_state_known",
            )
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="job_todo")]


class Worker(models.Model):
    """A process that does jobs, from its first sign of life until it leaves; a killed one never leaves."""

    mark = models.CharField(max_length=100, unique=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
