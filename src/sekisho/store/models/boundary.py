"""Companies and units over time."""

from django.db import models

from sekisho.store.models.base import Fact


class Company(Fact):
    """A row of companies.csv."""

    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=32)
    side = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["code"], name="company_code")]


class Unit(Fact):
    """A row of units.csv. `classes` as written: names joined by `;`, `none`, `?` or empty."""

    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    company = models.CharField(max_length=64)
    parent = models.CharField(max_length=64, blank=True)
    classes = models.CharField(max_length=400, blank=True)
    side = models.CharField(max_length=32, blank=True)
    head = models.CharField(max_length=64, blank=True)
    deputy = models.CharField(max_length=64, blank=True)
    successor = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["code"], name="unit_code")]
