"""Rules, approvers, exceptions, parameters, holidays, and folder rows whose feature is to come."""

from django.db import models

from sekisho.store.models.base import Fact


class Rule(Fact):
    """One version of one rule as written in rules.toml."""

    rule_id = models.CharField(max_length=100)
    version = models.CharField(max_length=50)
    body = models.JSONField()
    origin = models.CharField(max_length=16, blank=True)
    """`site` where it was adopted there; "" where it came with the company folder, which changes only those.

    A row of the site lies over the folder's from its first day on; one of an empty period ends its rule there.
    """


class RuleApprovers(Fact):
    """Who may approve exceptions to a rule, for one side."""

    rule_id = models.CharField(max_length=100)
    persons = models.JSONField()
    side = models.CharField(max_length=32, blank=True)
    origin = models.CharField(max_length=16, blank=True)
    """As in `Rule`: who may approve exceptions to a rule that was made on the site."""


class RuleProposal(models.Model):
    """A change of a rule, proposed by one and approved by the rule's approvers; adopted, it is a row of `Rule`."""

    rule_id = models.CharField(max_length=100)
    version = models.CharField(max_length=50)
    body = models.JSONField()
    start = models.DateField()
    ends = models.BooleanField(default=False)
    """The rule ends on `start`; the body is that of its last version."""
    reason = models.TextField()
    proposed_by = models.CharField(max_length=150)
    proposed_at = models.DateTimeField()
    approvals = models.JSONField(default=list)
    """[{by, person_id, side, at}], as for exceptions."""
    state = models.CharField(max_length=16)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "adopted", "withdrawn"]), name="rule_proposal_state_known"
            )
        ]


class RuleException(Fact):
    """A requested exception; in force once `approvals` holds the rule's approvers."""

    exception_id = models.CharField(max_length=100)
    rule_id = models.CharField(max_length=100)
    person_id = models.CharField(max_length=64)
    reason = models.TextField()
    requested_by = models.CharField(max_length=150)
    approvals = models.JSONField()
    """[{by, person_id, side, at}], each an approval by one listed approver."""
    state = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exception_id"],
                condition=models.Q(superseded_at__isnull=True) & ~models.Q(requested_by__startswith="folder:"),
                name="exception_current_once",
            )
        ]
        """Of the folder's the folder says which there are."""


class Parameter(Fact):
    """A setting and its value while it holds."""

    name = models.CharField(max_length=64)
    value = models.JSONField()
    origin = models.CharField(max_length=16, blank=True)
    """`site` where it was entered there; "" where it came with the company folder, which changes only those."""


class Installation(Fact):
    """The head of company.toml: name, zone, sides, since when the history is complete."""

    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64)
    sides = models.JSONField()
    history_complete_from = models.DateField(null=True)
    calendar = models.JSONField()


class Holiday(Fact):
    """A day off, editable because the official list ends."""

    day = models.DateField()
    name = models.CharField(max_length=100)
    origin = models.CharField(max_length=16, blank=True)
    """`site` where it was entered there; "" where it came with the company folder, which changes only those."""


class FolderRow(Fact):
    """A row of a company file that is kept whole for a feature still to come, so that nothing is lost."""

    file = models.CharField(max_length=64)
    key = models.CharField(max_length=300)
    payload = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["file", "key"], name="folder_row_key")]
