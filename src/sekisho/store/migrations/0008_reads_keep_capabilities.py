"""Reads keep what the target offered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0007_order_sheets")]

    operations = [migrations.AddField("systemread", "capabilities", models.JSONField(null=True))]
