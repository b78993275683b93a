#!/bin/sh
# Starts Redis or Valkey under the contract of their official images: options alone mean the
# server, /data belongs to the server's user, and the server never runs as root.
# https://hub.docker.com/_/redis, https://hub.docker.com/r/valkey/valkey
set -eu

server=$KIT_SERVER
user=$KIT_USER

case ${1:-} in
  -* | *.conf) set -- "$server" "$@" ;;
esac

if [ "${1:-}" = "$server" ] && [ "$(id -u)" = 0 ]; then
  find . \! -user "$user" -exec chown "$user" '{}' +
  exec setpriv --reuid="$user" --regid="$user" --init-groups -- "$0" "$@"
fi

if [ "${1:-}" = "$server" ]; then
  # What the server writes is nobody else's business, unless somebody chose a mask.
  [ "$(umask)" != 0022 ] || umask 0077
  # The official images are built with protected mode off, because a published port is a decision.
  case " $* " in
    *' --protected-mode '* | *.conf' '*) ;;
    *) set -- "$@" --protected-mode no ;;
  esac
fi

exec "$@"
