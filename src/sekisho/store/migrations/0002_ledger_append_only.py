"""The database itself refuses to change or delete what stands in the ledger.

An application bug, or a hand in the database shell, meets an error. Whoever can drop a trigger can
still do harm: that is found by `ledger verify` and by checkpoints kept outside.

To renew 0001_first.py from the models, run tools/first_migration.sh: it moves this file aside meanwhile.
"""

from django.db import migrations

REFUSED = "the ledger is append-only"

CHANGED = {
    "store_ledgerentry": "NEW.leaf IS DISTINCT FROM OLD.leaf OR NEW.leaf_hash IS DISTINCT FROM OLD.leaf_hash"
    " OR NEW.entry_id IS DISTINCT FROM OLD.entry_id OR NEW.kind IS DISTINCT FROM OLD.kind"
    " OR NEW.side IS DISTINCT FROM OLD.side OR NEW.recorded_at IS DISTINCT FROM OLD.recorded_at"
    " OR (OLD.position IS NOT NULL AND NEW.position IS DISTINCT FROM OLD.position)",
    "store_ledgernode": "TRUE",
    "store_ledgercheckpoint": "TRUE",
    "store_ledgercontent": "NEW.commitment IS DISTINCT FROM OLD.commitment OR NEW.entry_id IS DISTINCT FROM OLD.entry_id"
    " OR NEW.content IS NOT NULL OR NEW.salt IS NOT NULL",
}
"""Table → what makes an UPDATE a refused one. Content may only be destroyed."""


def protect(apps, schema_editor):
    """Create the triggers; the words differ by database, the refusals do not."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        schema_editor.execute(
            "CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for table, changed in CHANGED.items():
        for statement in _postgresql(table, changed) if postgresql else _sqlite(table, changed):
            schema_editor.execute(statement)


def _sqlite(table, changed):
    condition = changed.replace("IS DISTINCT FROM", "IS NOT")
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    yield f"CREATE TRIGGER {table}_keep BEFORE DELETE ON {table} {refuse}"
    yield f"CREATE TRIGGER {table}_same BEFORE UPDATE ON {table} WHEN {condition} {refuse}"


def _postgresql(table, changed):
    yield f"CREATE TRIGGER {table}_keep BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
    yield f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} EXECUTE FUNCTION ledger_refuse()"
    yield (
        f"CREATE TRIGGER {table}_same BEFORE UPDATE ON {table} FOR EACH ROW"
        f" WHEN ({changed}) EXECUTE FUNCTION ledger_refuse()"
    )


def unprotect(apps, schema_editor):
    """Drop the triggers."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in CHANGED:
        for name in ("keep", "same", *(["whole"] if postgresql else [])):
            on = f" ON {table}" if postgresql else ""
            schema_editor.execute(f"DROP TRIGGER {table}_{name}{on}")
    if postgresql:
        schema_editor.execute("DROP FUNCTION ledger_refuse()")


class Migration(migrations.Migration):
    dependencies = [("store", "0001_first")]

    operations = [migrations.RunPython(protect, unprotect)]
