#!/bin/sh
# The demo as a stranger runs it: a fresh clone, a home with nothing in it, a user without rights, Debian's own Python.
set -eu
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
git clone --quiet . "$home/budkavle"
as_nobody=""
if [ "$(id -u)" = 0 ]; then
    chown -R 65534:65534 "$home"
    as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
fi
cd "$home/budkavle"
for round in first second; do
    echo "The $round make demo of a stranger, on $(/usr/bin/python3 -V)"
    $as_nobody env -u VIRTUAL_ENV HOME="$home" PATH=/usr/sbin:/usr/bin:/sbin:/bin make demo
done
$as_nobody .venv/bin/budkavle status --config demo/config.toml
$as_nobody .venv/bin/budkavle check --config demo/config.toml
