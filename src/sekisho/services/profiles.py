"""Saved mapping profiles: one reading of one HR layout, kept by name, every version kept.

Not here: what a profile may say (`intake.profiles`).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from sekisho.core.canonical import Json, canonical, sha256_hex
from sekisho.core.errors import SekishoError
from sekisho.core.kinds import Role
from sekisho.core.users import Actor
from sekisho.core.visibility import FactKind
from sekisho.intake.profiles import PLAIN, Profile, parse
from sekisho.services import installation, ledger, visibility
from sekisho.store import models

SAVERS = (Role.HR, Role.COMPLIANCE, Role.IT_OPERATION, Role.ADMINISTRATOR)


class NoSuchProfile(SekishoError):
    """No profile was saved under that name."""


class NotAllowed(SekishoError):
    """The actor has no role that saves profiles."""


@dataclass(frozen=True, slots=True)
class SavedProfile:
    """A profile under its name, who saved it and when."""

    name: str
    profile: Profile
    saved_by: str
    saved_at: datetime


def _known(known_at: datetime) -> "QuerySet[models.MappingProfile]":
    open_then = Q(superseded_at__isnull=True) | Q(superseded_at__gt=known_at)
    return models.MappingProfile.objects.filter(open_then, recorded_at__lte=known_at)


def load(*, name: str | None, known_at: datetime) -> Profile:
    """Return the profile of that name, CONTRACT's own where no name is given.

    Raises:
        NoSuchProfile: nothing was saved under the name.
    """
    if name is None:
        return PLAIN
    row = _known(known_at).filter(name=name).first()
    if row is None:
        saved = ", ".join(profile.name for profile in saved_profiles(known_at=known_at)) or "-"
        raise NoSuchProfile("profiles.not_there", {"name": name, "known": saved})
    return parse(row.mapping)


def saved_profiles(*, known_at: datetime) -> tuple[SavedProfile, ...]:
    """Return every profile in its present version, by name."""
    rows = _known(known_at).order_by("name")
    return tuple(SavedProfile(row.name, parse(row.mapping), row.actor, row.recorded_at) for row in rows)


def listed(*, actor: Actor, now: datetime) -> tuple[SavedProfile, ...]:
    """Return every profile, for those who save them or read HR's files.

    Raises:
        NotVisible: the actor does neither.
    """
    if not any(actor.has(role, on=installation.today(now=now)) for role in SAVERS):
        visibility.need_some(actor=actor, kind=FactKind.ORDER_FILE, now=now)
    return saved_profiles(known_at=now)


@transaction.atomic
def save(*, actor: Actor, now: datetime, name: str, profile: Profile) -> SavedProfile:
    """Save the profile under the name; an equal one saved before stays as it is.

    Raises:
        NotAllowed: the actor may not.
    """
    if not any(actor.has(role, on=installation.today(now=now)) for role in SAVERS):
        raise NotAllowed("profiles.not_allowed", {"actor": actor.name})
    mapping = profile.document()
    current = _known(now).filter(name=name).first()
    if current is not None and current.mapping == mapping:
        return SavedProfile(name, profile, current.actor, current.recorded_at)
    models.MappingProfile.objects.filter(name=name, superseded_at__isnull=True).update(superseded_at=now)
    models.MappingProfile.objects.create(name=name, mapping=mapping, actor=actor.name, recorded_at=now)
    facts: dict[str, Json] = {"name": name, "sha256": sha256_hex(canonical(mapping))}
    ledger.record(kind="profile.saved", actor=actor.name, now=now, facts=facts)
    return SavedProfile(name, profile, actor.name, now)
