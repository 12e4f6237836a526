# Sourced by ./test --all: the real components. Installs them as root; otherwise names what is missing and fails.

components_missing() {
    [ -x /usr/sbin/slapd ] || echo slapd
    command -v ldapmodify >/dev/null 2>&1 || echo ldap-utils
    [ -f /usr/include/ldap.h ] || echo libldap2-dev
    [ -f /usr/include/sasl/sasl.h ] || echo libsasl2-dev
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || echo postgresql
    command -v cc >/dev/null 2>&1 || echo gcc
    command -v chromium >/dev/null 2>&1 || echo chromium
    ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 || echo fonts-noto-cjk
}

components_install() {
    missing=$(components_missing | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "./test --all needs: $missing" >&2
        echo "As root: apt-get install $missing" >&2
        exit 1
    fi
    echo "Installing $missing…" >&2
    # No service is to be started by the package: the tests start their own on loopback.
    policy=/usr/sbin/policy-rc.d
    kept=''
    if ! [ -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; kept=yes; fi
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
    [ -z "$kept" ] || rm -f "$policy"
    left=$(components_missing | tr '\n' ' ')
    [ -z "$left" ] || { echo "Could not install: $left" >&2; exit 1; }
}
