"""What an administrator proposed about the installation and a compliance office decides (laws 2 and 13)."""

from django.db import models


class InstallationProposal(models.Model):
    """A role, a parameter on which a law hangs, or a sign-in renewed: it holds once compliance has confirmed it."""

    kind = models.CharField(max_length=16)
    subject = models.CharField(max_length=150)
    """The user, or the parameter's name."""
    body = models.JSONField()
    """What is written when it is adopted."""
    sides = models.JSONField()
    """Whose compliance offices confirm, each by one person; who holds both confirms for both."""
    reason = models.TextField(blank=True)
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    approvals = models.JSONField(default=list)
    """[{by, sides, at}]"""
    state = models.CharField(max_length=16)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "adopted", "refused", "withdrawn"]),
                name="installation_proposal_state_known",
            )
        ]
        indexes = [models.Index(fields=["state", "kind", "subject"], name="installation_proposal_state")]
