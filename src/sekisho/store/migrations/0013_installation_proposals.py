"""What administrators propose and compliance decides: roles, parameters on which a law hangs, renewed sign-ins."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0012_lists_by_index")]

    operations = [
        migrations.CreateModel(
            name="InstallationProposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("subject", models.CharField(max_length=150)),
                ("body", models.JSONField()),
                ("sides", models.JSONField()),
                ("reason", models.TextField(blank=True)),
                ("proposed_by", models.CharField(max_length=150)),
                ("proposed_at", models.DateTimeField()),
                ("approvals", models.JSONField(default=list)),
                ("state", models.CharField(max_length=16)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["state", "kind", "subject"], name="installation_proposal_state")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(state__in=["proposed", "adopted", "refused", "withdrawn"]),
                        name="installation_proposal_state_known",
                    )
                ],
            },
        )
    ]
