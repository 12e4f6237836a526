"""People, numbers, names, links, the opening roster, and stints: the folded timeline."""

from django.db import models

from sekisho.store.models.base import Fact, FactQuerySet


class Person(models.Model):
    """The one id of a person through all numbers, names and companies."""

    person_id = models.CharField(max_length=64, primary_key=True)
    recorded_at = models.DateTimeField()


class EmployeeNumber(Fact):
    """A number that a company gave to a person (people.csv, numbers.csv, orders)."""

    person_id = models.CharField(max_length=64)
    company = models.CharField(max_length=64)
    employee_no = models.CharField(max_length=64)
    origin = models.CharField(max_length=200)

    class Meta:
        indexes = [
            models.Index(fields=["company", "employee_no"], name="number_company_no"),
            models.Index(fields=["person_id"], name="number_person"),
        ]


class PersonName(Fact):
    """A person's name while it holds; shown, never matched by."""

    person_id = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    kana = models.CharField(max_length=200, blank=True)
    former_name = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["person_id"], name="name_person")]


class PersonLink(Fact):
    """Two ids found to be one person: `person_id` is answered for by `same_as`."""

    person_id = models.CharField(max_length=64)
    same_as = models.CharField(max_length=64)
    reason = models.TextField()
    actor = models.CharField(max_length=150)


class RosterPost(Fact):
    """A row of people.csv: a post as the roster states it, before any order."""

    person_id = models.CharField(max_length=64)
    company = models.CharField(max_length=64)
    unit = models.CharField(max_length=64)
    employer = models.CharField(max_length=64)
    title = models.CharField(max_length=200, blank=True)
    post_kind = models.CharField(max_length=16)
    post_no = models.CharField(max_length=32, blank=True)
    post_classes = models.CharField(max_length=200, blank=True)
    share = models.CharField(max_length=16, blank=True)
    employment_kind = models.CharField(max_length=16)
    on_leave = models.BooleanField()
    sponsor = models.CharField(max_length=64, blank=True)
    contract_end = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person_id"], name="roster_person")]


class Stint(models.Model):
    """A post of the folded timeline while it holds and while it was known so.

    Derived and rebuildable: the fold over roster and orders (`core.timeline`), kept so that
    "who, on D, as known on E" is one query. A test holds it equal to the fold. `kind` is `main`,
    `concurrent`, `home` (kept during secondment, not held) or `leave` (an absence).
    """

    person_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    company = models.CharField(max_length=64, blank=True)
    unit = models.CharField(max_length=64, blank=True)
    employer = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=200, blank=True)
    post_no = models.CharField(max_length=32, blank=True)
    post_classes = models.CharField(max_length=200, blank=True)
    share = models.CharField(max_length=16, blank=True)
    employment_kind = models.CharField(max_length=16, blank=True)
    sponsor = models.CharField(max_length=64, blank=True)
    contract_end = models.DateField(null=True)
    origin = models.CharField(max_length=400)
    ended_by = models.CharField(max_length=400, blank=True)
    start = models.DateField()
    end = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    objects = FactQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person_id"], name="stint_person"),
            models.Index(fields=["unit"], name="stint_unit"),
            models.Index(
                fields=["kind", "superseded_at", "end", "start", "recorded_at", "unit", "person_id"], name="stint_days"
            ),
        ]
