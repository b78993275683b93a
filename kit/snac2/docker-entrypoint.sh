#!/bin/sh
# Starts snac2, a small server of the Fediverse, for tests to federate with. It has no official
# image; this one wants to be told what `snac init` and `snac adduser` ask for.
#
#   SNAC_HOST       the host name that others know it by; needed
#   SNAC_USER       its one account, made at the first start (default: snac)
#   SSL_CERT_FILE   a CA that it trusts besides the public ones, PEM
#
# It listens on 8001 without TLS: a proxy in front of it answers HTTPS and passes `Host` unchanged.
# `snac resetpwd /data/snac USER` gives the account a password and prints it.
set -eu

if [ "${1:-}" = snac ] && [ "$(id -u)" = 0 ]; then
  # libcurl as Debian builds it reads this file and no variable.
  [ -z "${SSL_CERT_FILE:-}" ] || cat "$SSL_CERT_FILE" >>/etc/ssl/certs/ca-certificates.crt
  find /data \! -user snac -exec chown snac:snac '{}' +
  exec setpriv --reuid=snac --regid=snac --init-groups -- "$0" "$@"
fi

if [ "${1:-}" = snac ] && [ ! -e /data/snac/server.json ]; then
  : "${SNAC_HOST:?is not set: the host name that other servers know this one by}"
  # Address, port, host, prefix of its paths, address of its administrator.
  printf '0.0.0.0\n8001\n%s\n\n\n' "$SNAC_HOST" | snac init /data/snac
  snac adduser /data/snac "${SNAC_USER:-snac}"
  # 2.75 writes whatever stood behind the key in memory along with it, which is hardly ever UTF-8:
  # no server could read the account.
  LC_ALL=C sed -i 's/\(-----END [A-Z ]*-----\\n\).*\(",*\)$/\1\2/' "/data/snac/user/${SNAC_USER:-snac}/key.json"
fi

exec "$@"
