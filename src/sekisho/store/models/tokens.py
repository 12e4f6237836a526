"""Tokens of programs that call the API, and the answers kept so that a repeated call does nothing twice."""

from django.db import models


class ApiToken(models.Model):
    """A token of one user, with scopes and an end. Only its hash is kept."""

    name = models.CharField(max_length=100)
    user = models.CharField(max_length=150)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class KeptReply(models.Model):
    """The answer to a call that carried an idempotency key; the same call gets it again."""

    user = models.CharField(max_length=150)
    key = models.CharField(max_length=200)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=100)
    body = models.BinaryField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="kept_reply_once")]
