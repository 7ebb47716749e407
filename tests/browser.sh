#!/bin/sh
# What the browser journeys need: Chromium, and a font that draws Chinese. Installs both where it
# may (root on Debian or Ubuntu), says what to install where it may not.
set -eu

missing=
if [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null && ! command -v chrome >/dev/null; then
    missing=chromium
fi
if ! fc-list :lang=zh 2>/dev/null | grep -q .; then
    missing="$missing fonts-noto-cjk"
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the browser journeys: $missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # one word each
    apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
        apt-get update -q >/dev/null
        apt-get install -y --no-install-recommends fontconfig $missing >/dev/null
    }
else
    echo "The browser journeys need: $missing" >&2
    echo "On Debian or Ubuntu:  sudo apt-get install $missing" >&2
    echo "Elsewhere: install Chromium (its path may be given in CHROMIUM) and a Chinese font." >&2
    exit 1
fi
