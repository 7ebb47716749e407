#!/bin/sh
# What the tests need of the machine: Chromium and a font that draws Chinese for the journeys, nginx
# to read the proxy's configuration. Installs them where it may (root on Debian or Ubuntu), says what
# to install where it may not.
set -eu

missing=
if [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null && ! command -v chrome >/dev/null; then
    missing=chromium
fi
if ! fc-list :lang=zh 2>/dev/null | grep -q .; then
    missing="$missing fonts-noto-cjk"
fi
if ! PATH="$PATH:/usr/sbin" command -v nginx >/dev/null; then
    missing="$missing nginx-light"
fi
if ! command -v openssl >/dev/null; then
    missing="$missing openssl"
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests: $missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # one word each
    apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
        apt-get update -q >/dev/null
        apt-get install -y --no-install-recommends fontconfig $missing >/dev/null
    }
else
    echo "The tests need: $missing" >&2
    echo "On Debian or Ubuntu:  sudo apt-get install $missing" >&2
    echo "Elsewhere: Chromium (its path may be given in CHROMIUM), a Chinese font, nginx, openssl." >&2
    exit 1
fi
