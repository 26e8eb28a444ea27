#!/bin/sh
# Debian packages that tests run beside us, installed where they are missing: systemd-analyze judges the unit, and
# Postfix's smtp-sink and smtp-source receive and send (Postfix and Dovecot themselves run only where a test starts one
# of its own), strace kills at a system call, newsboat, rss2email and sfeed (which fetches with curl) read feeds,
# man lays out our manual page, wrk asks for feeds, nginx and Caddy serve them (only by the tests that start them), and Debian's
# own Python runs the oldest release that we claim (make oldest).
set -eu
missing=""
command -v systemd-analyze >/dev/null || missing="$missing systemd"
[ -x /usr/sbin/smtp-sink ] || missing="$missing postfix"
command -v strace >/dev/null || missing="$missing strace"
command -v newsboat >/dev/null || missing="$missing newsboat"
command -v r2e >/dev/null || missing="$missing rss2email"
command -v sfeed >/dev/null && command -v curl >/dev/null || missing="$missing sfeed curl"
[ -x /usr/bin/man ] || missing="$missing man-db"
command -v wrk >/dev/null || missing="$missing wrk"
[ -x /usr/sbin/dovecot ] && [ -x /usr/lib/dovecot/imap ] || missing="$missing dovecot-imapd"
command -v caddy >/dev/null || missing="$missing caddy"
[ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
[ -e /usr/lib/nginx/modules/ngx_http_brotli_static_module.so ] || missing="$missing libnginx-mod-http-brotli-static"
/usr/bin/python3 -c "import ensurepip" 2>/dev/null || missing="$missing python3 python3-venv"
[ -n "$missing" ] || exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
# No service may start while a package is set up (invoke-rc.d(8)); the file goes again when this script ends.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
