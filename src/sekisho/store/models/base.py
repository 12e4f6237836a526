"""The two time axes that every fact has (law 6).

`start`/`end` say when the fact holds (days, half-open); `recorded_at` when we learned of it and
`superseded_at` when we learned otherwise. Content is never overwritten: a change closes the old row
on the record axis and writes a new one. `as_known_at` answers "what did we know on D?".
"""

from datetime import datetime
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class FactQuerySet(models.QuerySet[M_co]):
    """Filters on the record axis."""

    def as_known_at(self, at: datetime) -> Self:
        """Keep the rows that were known and not yet superseded at `at`."""
        return self.filter(Q(superseded_at__isnull=True) | Q(superseded_at__gt=at), recorded_at__lte=at)

    def current(self) -> Self:
        """Keep the rows that nothing has superseded."""
        return self.filter(superseded_at__isnull=True)


class Fact(models.Model):
    """A dated fact, known for a time. `side` is whose it is; "" where it is neutral."""

    start = models.DateField()
    end = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)

    objects = FactQuerySet.as_manager()

    class Meta:
        abstract = True
