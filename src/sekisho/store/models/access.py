"""Systems, entitlements, bundles, accounts, grants; and what reads of the systems showed."""

from django.db import models

from sekisho.store.models.base import Fact


class System(Fact):
    """A target system; `settings` are its connector's, secrets only named."""

    system_id = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    side = models.CharField(max_length=32, blank=True)
    protected = models.BooleanField()
    connector = models.CharField(max_length=32)
    settings = models.JSONField()


class Entitlement(Fact):
    """Something an account can hold on a system."""

    system_id = models.CharField(max_length=64)
    entitlement = models.CharField(max_length=300)
    side = models.CharField(max_length=32, blank=True)
    protected = models.BooleanField()
    owned = models.CharField(max_length=16)
    info_classes = models.JSONField()


class Bundle(Fact):
    """What a post brings on one system."""

    bundle_id = models.CharField(max_length=200)
    system_id = models.CharField(max_length=64)
    entitlements = models.JSONField()
    condition = models.JSONField()
    """{classes, units, companies, titles}: lists; an absent or empty one lets anything through."""


class Account(Fact):
    """Which account on a system is whose."""

    person_id = models.CharField(max_length=64)
    system_id = models.CharField(max_length=64)
    account = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["system_id", "account"], name="account_system")]


class Grant(Fact):
    """A manual grant: time-boxed, with reason and approver."""

    grant_id = models.CharField(max_length=100)
    person_id = models.CharField(max_length=64)
    system_id = models.CharField(max_length=64)
    entitlement = models.CharField(max_length=300)
    reason = models.TextField()
    requested_by = models.CharField(max_length=150)
    approver = models.CharField(max_length=150, blank=True)
    state = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grant_id"],
                condition=models.Q(superseded_at__isnull=True) & ~models.Q(requested_by="folder"),
                name="grant_current_once",
            )
        ]
        """Of the folder's the folder says which there are."""


class ProtectedAccount(Fact):
    """An account that no plan touches, and why."""

    system_id = models.CharField(max_length=64)
    account = models.CharField(max_length=300)
    why = models.TextField()


class SystemRead(models.Model):
    """One read of one system, or the failure to read it."""

    system_id = models.CharField(max_length=64)
    read_at = models.DateTimeField()
    complete = models.BooleanField()
    digest = models.CharField(max_length=64, blank=True)
    accounts = models.PositiveIntegerField()
    holdings = models.PositiveIntegerField()
    failure = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=32)
    capabilities = models.JSONField(null=True)
    """What the target offered when it was opened for this read; None where it could not be."""
    baseline = models.BooleanField(default=False)
    """Whether later reads are measured by it: complete and not shrunken, or shrunken and approved."""

    class Meta:
        indexes = [models.Index(fields=["system_id", "read_at"], name="read_system_at")]


class ObservedHolding(models.Model):
    """An entitlement seen on an account: first and last seen, and when a read first missed it.

    A read that shows nothing new only moves `last_seen_at`s by its own row in SystemRead: a holding
    without `absent_at` was seen in every complete read from `first_seen_at` on.
    """

    system_id = models.CharField(max_length=64)
    account = models.CharField(max_length=300)
    entitlement = models.CharField(max_length=300)
    first_seen_at = models.DateTimeField()
    absent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["system_id", "entitlement"], name="holding_system")]
