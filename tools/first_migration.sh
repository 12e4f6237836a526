#!/bin/sh
# Renew store/migrations/0001_first.py from the models: until the first release there is one migration of tables.
# The ledger's triggers (0002) stand aside meanwhile, since they come after it.
set -eu
cd "$(dirname -- "$0")/.."
folder=src/sekisho/store/migrations
aside=$(mktemp -d)
mv "$folder/0002_ledger_append_only.py" "$aside/"
trap 'mv "$aside/0002_ledger_append_only.py" "$folder/"; rmdir "$aside"' EXIT
rm -f "$folder/0001_first.py"
SEKISHO_HOME=$(mktemp -d) DJANGO_SETTINGS_MODULE=sekisho.settings .venv/bin/python -m django makemigrations store -n first
