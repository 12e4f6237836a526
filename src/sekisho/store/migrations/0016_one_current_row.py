"""Of an exception, of a grant, one row stands at a time: two who change it at once cannot both leave one."""

from django.db import migrations, models


def close_older(apps, schema_editor):
    """Where two rows stand already, let the later one stand."""
    for model, key, folder in (
        ("RuleException", "exception_id", {"requested_by__startswith": "folder:"}),
        ("Grant", "grant_id", {"requested_by": "folder"}),
    ):
        rows = apps.get_model("store", model).objects.filter(superseded_at=None).exclude(**folder)
        latest = {}
        for row in rows.order_by("recorded_at", "pk"):
            before = latest.get(getattr(row, key))
            if before is not None:
                rows.filter(pk=before.pk).update(superseded_at=row.recorded_at)
            latest[getattr(row, key)] = row


class Migration(migrations.Migration):
    dependencies = [("store", "0015_job_progress")]

    operations = [
        migrations.RunPython(close_older, migrations.RunPython.noop),
        migrations.AddConstraint(
            "grant",
            models.UniqueConstraint(
                fields=["grant_id"],
                condition=models.Q(("superseded_at__isnull", True), models.Q(("requested_by", "folder"), _negated=True)),
                name="grant_current_once",
            ),
        ),
        migrations.AddConstraint(
            "ruleexception",
            models.UniqueConstraint(
                fields=["exception_id"],
                condition=models.Q(
                    ("superseded_at__isnull", True), models.Q(("requested_by__startswith", "folder:"), _negated=True)
                ),
                name="exception_current_once",
            ),
        ),
    ]
