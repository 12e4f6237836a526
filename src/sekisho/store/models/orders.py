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
        ]


class Screening(models.Model):
    """What the rules said of one order when it was checked."""

    order_id = models.CharField(max_length=400)
    screened_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    outcome = models.CharField(max_length=16)
    verdict = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["order_id"], name="screening_order")]


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
