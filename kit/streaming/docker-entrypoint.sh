#!/bin/sh
# The entrypoint of the official Node image: what is no command of the system is Node's.
set -eu
if [ "${1#-}" != "$1" ] || ! command -v "$1" >/dev/null; then
  set -- node "$@"
fi
exec "$@"
