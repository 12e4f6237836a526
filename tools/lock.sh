#!/bin/sh
# Writes the three lock files: hashes only, no host names. Run after changing a dependency in pyproject.toml.
set -eu
cd "$(dirname "$0")/.."
compile() { .uv/bin/uv pip compile pyproject.toml --group build --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet "$@"; }
compile -o requirements/run.lock
compile --group dev -c requirements/run.lock -o requirements/dev.lock
compile --group dev --extra ldap -c requirements/dev.lock -o requirements/native.lock
echo uv | .uv/bin/uv pip compile - --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet -o tools/uv.txt
