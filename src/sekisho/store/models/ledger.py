"""The ledger: entries hashed in the business transaction, indexed and rooted by the sequencer."""

from django.db import models


class LedgerEntry(models.Model):
    """One entry. `leaf` holds the exact bytes that were hashed; `position` comes from the sequencer."""

    entry_id = models.CharField(max_length=64, unique=True)
    position = models.BigIntegerField(null=True, unique=True)
    kind = models.CharField(max_length=64)
    side = models.CharField(max_length=32, blank=True)
    recorded_at = models.DateTimeField()
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["kind"], name="entry_kind")]


class LedgerContent(models.Model):
    """Personal content behind a salted commitment in the leaf; destroyed by a recorded order only."""

    commitment = models.CharField(max_length=80, unique=True)
    entry_id = models.CharField(max_length=64)
    salt = models.BinaryField(max_length=32, null=True)
    content = models.BinaryField(null=True)
    destroyed_at = models.DateTimeField(null=True)
    destroyed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["entry_id"], name="content_entry")]


class LedgerNode(models.Model):
    """The hash of a full subtree: level 0 are leaves."""

    level = models.PositiveSmallIntegerField()
    position = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "position"], name="node_once")]


class LedgerCheckpoint(models.Model):
    """A signed checkpoint (C2SP tlog-checkpoint) over the first `size` entries."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    signed_at = models.DateTimeField()
    note = models.TextField()
