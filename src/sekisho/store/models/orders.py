"""HR's files, the orders in them, the manifests of expected movers, and saved mapping profiles."""

from django.db import models
from django.db.models import Q


class OrderFile(models.Model):
    """One import: what came in, what was taken, what was not and why."""

    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=16)
    received_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    rows_in = models.PositiveIntegerField()
    accepted = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    ignored = models.PositiveIntegerField()
    mended = models.PositiveIntegerField(default=0)
    """How many of the rejected rows have come in again, mended."""
    ignored_by_reason = models.JSONField(default=dict)
    defects = models.JSONField()
    """The rejected and warned cells: row, column, value, code, params."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rows_in=models.F("accepted") + models.F("rejected") + models.F("ignored")),
                name="order_file_nothing_lost",
            )
        ]


class OrderFileContent(models.Model):
    """The bytes of a file as they came, so that it can be shown and mended; destroyed by retention."""

    file = models.OneToOneField(OrderFile, on_delete=models.CASCADE, related_name="stored")
    content = models.BinaryField()
    profile = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=8, blank=True)
    mends = models.ForeignKey(OrderFile, null=True, on_delete=models.SET_NULL, related_name="mended_by")
    """The file whose rejected rows this one brings again, mended."""
    columns = models.JSONField(default=list)
    """[{key, header, filled}] in the file's order; the key is the field, or `?header` where nothing is read."""
    notes = models.JSONField(default=list)
    """What is said of the file as a whole, as in its `defects`."""
    reasons = models.JSONField(default=list)
    """[{code, column, number, value, params}]: why rows were rejected, most frequent first, with the first cell."""


class OrderFileRow(models.Model):
    """One row as it stands in the file, so that a page of it is shown without reading the file again."""

    stored = models.ForeignKey(OrderFileContent, on_delete=models.CASCADE, related_name="rows")
    place = models.PositiveIntegerField()
    sheet = models.CharField(max_length=100, blank=True)
    number = models.PositiveIntegerField()
    cells = models.JSONField()
    defects = models.JSONField(default=list)
    rejected = models.BooleanField(default=False)
    warned = models.BooleanField(default=False)
    mended_in = models.ForeignKey(OrderFile, null=True, on_delete=models.SET_NULL, related_name="+")
    """The file in which the row came again, mended."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stored", "place"], name="order_file_row_once")]
        indexes = [models.Index(fields=["stored", "rejected", "place"], name="order_file_row_rejected")]


class OrderUpload(models.Model):
    """A file that waits before it is taken: for a word about its columns or vanished people, or for the worker."""

    name = models.CharField(max_length=300)
    content = models.BinaryField()
    snapshot = models.BooleanField(default=False)
    status = models.CharField(max_length=8, blank=True)
    profile = models.CharField(max_length=100, blank=True)
    actor = models.CharField(max_length=150)
    received_at = models.DateTimeField()
    waits = models.CharField(max_length=16)
    """For what: `columns`, `vanished` or `work`."""
    facts = models.JSONField(default=dict)
    """What the page that asks needs to know: columns missing, persons who would vanish."""


class Order(models.Model):
    """One accepted row; the content never changes. `order_id` is the key's text plus its revision."""

    order_id = models.CharField(max_length=400, unique=True)
    file = models.ForeignKey(OrderFile, on_delete=models.PROTECT, related_name="orders")
    row = models.PositiveIntegerField()
    company = models.CharField(max_length=64)
    order_no = models.CharField(max_length=100)
    employee_no = models.CharField(max_length=64)
    order_type = models.CharField(max_length=32)
    post_no = models.CharField(max_length=32, blank=True)
    person_id = models.CharField(max_length=64)
    status = models.CharField(max_length=8)
    effective_date = models.DateField()
    first_day = models.DateField()
    sequence = models.IntegerField(null=True)
    from_unit = models.CharField(max_length=64, blank=True)
    to_unit = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=200, blank=True)
    post_kind = models.CharField(max_length=16)
    host_company = models.CharField(max_length=64, blank=True)
    new_employee_no = models.CharField(max_length=64, blank=True)
    planned_end = models.DateField(null=True)
    supersedes = models.CharField(max_length=100, blank=True)
    release_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    content_sha256 = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    """When a later row with the same key (a final for its draft) replaced it; cancel and correct
    orders are folded, they close nothing here."""

    class Meta:
        indexes = [
            models.Index(fields=["person_id"], name="order_person"),
            models.Index(fields=["effective_date"], name="order_effective"),
            models.Index(fields=["company", "order_no", "employee_no"], name="order_key"),
            models.Index(
                fields=["file"], condition=Q(status="draft", superseded_at__isnull=True), name="order_announced"
            ),
            models.Index(fields=["first_day"], name="order_first_day"),
            models.Index(fields=["status", "file", "release_at", "superseded_at"], name="order_notices"),
            models.Index(fields=["order_no"], name="order_number", opclasses=["varchar_pattern_ops"]),
        ]


class Screening(models.Model):
    """What the rules said of one order when it was checked."""

    order_id = models.CharField(max_length=400)
    screened_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    outcome = models.CharField(max_length=16)
    verdict = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["order_id", "outcome", "screened_at"], name="screening_order")]


class Manifest(models.Model):
    """HR's list of expected movers; it counts for the guards once signed."""

    sha256 = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=300)
    movers = models.JSONField()
    """[[person_id, order_no, effective_date], …]"""
    signed_by = models.CharField(max_length=150, blank=True)
    recorded_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)


class MappingProfile(models.Model):
    """A saved reading of one HR layout; a newer row of the same name replaces the older."""

    name = models.CharField(max_length=100)
    mapping = models.JSONField()
    actor = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
