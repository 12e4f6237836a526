"""Entries are found by the person they are about and left out by their embargo; checkpoints kept outside."""

from django.db import migrations, models

FROM_LEAF = {
    "sqlite": "json_extract(CAST(leaf AS TEXT), '$.facts.{name}')",
    "postgresql": "convert_from(leaf, 'UTF8')::jsonb #>> '{{facts,{name}}}'",
}


def fill(apps, schema_editor):
    """Take both from the leaves there are."""
    vendor = schema_editor.connection.vendor
    for column, names in (("person_id", ("person_id", "person", "about")), ("embargo", ("embargo",))):
        for name in names:
            value = FROM_LEAF[vendor].format(name=name)
            schema_editor.execute(f"UPDATE store_ledgerentry SET {column} = {value} WHERE {column} IS NULL")


class Migration(migrations.Migration):
    dependencies = [("store", "0009_page_indexes")]

    operations = [
        migrations.AddField("ledgerentry", "person_id", models.CharField(max_length=64, null=True)),
        migrations.AddField("ledgerentry", "embargo", models.CharField(max_length=40, null=True)),
        migrations.CreateModel(
            name="LedgerAnchor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField()),
                ("root", models.CharField(max_length=64)),
                ("signed_at", models.DateTimeField()),
                ("holder", models.CharField(max_length=200)),
                ("way", models.CharField(blank=True, max_length=200)),
                ("handed_by", models.CharField(max_length=150)),
                ("handed_at", models.DateTimeField()),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex("ledgerentry", models.Index(fields=["person_id"], name="entry_person")),
        migrations.AddIndex("ledgerentry", models.Index(fields=["recorded_at"], name="entry_at")),
    ]
