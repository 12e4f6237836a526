# Sourced by ./sekisho and ./test with ROOT set: makes .venv hold what requirements/$LOCK.lock says.
# A fuller environment than asked for is left as it is: run < dev < native.
PYTHON="${PYTHON:-python3}"
export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy

env_is_current() {
    for name in run dev native; do
        if [ "$name" = "$LOCK" ]; then wanted=1; fi
        if [ -n "${wanted:-}" ] && cmp -s "$ROOT/requirements/$name.lock" "$ROOT/.venv/$name.lock"; then return 0; fi
    done
    return 1
}

env_make() {
    if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "Sekisho needs Python 3.11 or newer as '$PYTHON'. Set PYTHON to its path." >&2
        exit 2
    fi
    if ! [ -x "$ROOT/.uv/bin/uv" ]; then
        echo "Setting up: one minute the first time …" >&2
        "$PYTHON" -m venv "$ROOT/.uv" || {
            echo "python3-venv is missing. As root: apt-get install python3-venv" >&2
            exit 2
        }
        "$ROOT/.uv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$ROOT/tools/uv.txt"
    fi
    uv="$ROOT/.uv/bin/uv"
    rm -f "$ROOT"/.venv/*.lock
    "$uv" venv --quiet --allow-existing --python "$PYTHON" "$ROOT/.venv"
    if [ "$LOCK" = native ]; then  # python-ldap compiles with the setuptools of dev.lock, not with a fetched one
        "$uv" pip sync --quiet --python "$ROOT/.venv" --require-hashes "$ROOT/requirements/dev.lock"
        "$uv" pip sync --quiet --python "$ROOT/.venv" --require-hashes --no-build-isolation "$ROOT/requirements/native.lock"
    else
        "$uv" pip sync --quiet --python "$ROOT/.venv" --require-hashes --compile-bytecode "$ROOT/requirements/$LOCK.lock"
    fi
    "$uv" pip install --quiet --python "$ROOT/.venv" --no-deps --no-build-isolation -e "$ROOT"
    cp "$ROOT/requirements/$LOCK.lock" "$ROOT/.venv/$LOCK.lock"
}

if ! env_is_current; then
    if command -v flock >/dev/null 2>&1; then
        exec 9>"$ROOT/.setup.lock"
        flock 9
        env_is_current || env_make
        flock -u 9
        exec 9>&-
    else
        env_make
    fi
fi
PATH="$ROOT/.venv/bin:$PATH"
