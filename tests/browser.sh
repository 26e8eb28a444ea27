#!/bin/sh
# A real browser for the tests that look at pages: Debian's Chromium, installed where there is none yet.
set -eu
command -v chromium >/dev/null && exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends chromium
