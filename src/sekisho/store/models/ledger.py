"""The ledger: entries hashed in the business transaction, indexed and rooted by the sequencer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    Bytes = models.BinaryField
else:

    class Bytes(models.BinaryField):
        """Bytes, whatever a hand has put there: SQLite keeps text in a column of bytes, and an audit must name it."""

        def from_db_value(self, value: object, *_: object) -> bytes | None:
            """Return what is stored as bytes; text as it would be written, so that its hash differs."""
            if value is None or isinstance(value, bytes):
                return value
            return bytes(value) if isinstance(value, bytearray | memoryview) else str(value).encode()

        def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
            """Return what migrations need: in the database it is a binary field."""
            name, _, args, words = super().deconstruct()
            return name, "django.db.models.BinaryField", args, words


class LedgerEntry(models.Model):
    """One entry. `leaf` holds the exact bytes that were hashed; `position` comes from the sequencer."""

    entry_id = models.CharField(max_length=64, unique=True)
    position = models.BigIntegerField(null=True, unique=True)
    kind = models.CharField(max_length=64)
    side = models.CharField(max_length=32, blank=True)
    recorded_at = models.DateTimeField()
    leaf = Bytes()
    leaf_hash = Bytes(max_length=32)
    person_id = models.CharField(max_length=64, null=True)
    """Whom the leaf's facts are about, for finding; the leaf counts."""
    embargo = models.CharField(max_length=40, null=True)
    """Until when the leaf's facts hang on an advance notice, for leaving out; the leaf counts."""

    class Meta:
        indexes = [
            models.Index(fields=["kind"], name="entry_kind"),
            models.Index(fields=["side", "id"], name="entry_side"),
            models.Index(fields=["kind", "side", "embargo"], name="entry_seen"),
            models.Index(fields=["person_id"], name="entry_person"),
            models.Index(fields=["recorded_at"], name="entry_at"),
        ]


class LedgerContent(models.Model):
    """Personal content behind a salted commitment in the leaf; destroyed by a recorded order only."""

    commitment = models.CharField(max_length=80, unique=True)
    entry_id = models.CharField(max_length=64)
    salt = Bytes(max_length=32, null=True)
    content = Bytes(null=True)
    destroyed_at = models.DateTimeField(null=True)
    destroyed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["entry_id"], name="content_entry")]


class LedgerNode(models.Model):
    """The hash of a full subtree: level 0 are leaves."""

    level = models.PositiveSmallIntegerField()
    position = models.BigIntegerField()
    hash = Bytes(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "position"], name="node_once")]


class LedgerCheckpoint(models.Model):
    """A signed checkpoint (C2SP tlog-checkpoint) over the first `size` entries."""

    size = models.BigIntegerField(unique=True)
    root = Bytes(max_length=32)
    signed_at = models.DateTimeField()
    note = models.TextField()


class LedgerAnchor(models.Model):
    """A checkpoint that somebody outside the company keeps."""

    size = models.BigIntegerField()
    root = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    holder = models.CharField(max_length=200)
    way = models.CharField(max_length=200, blank=True)
    handed_by = models.CharField(max_length=150)
    handed_at = models.DateTimeField()
