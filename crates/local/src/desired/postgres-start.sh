#!/bin/sh
# Starts PostgreSQL through its image's own entrypoint, after clearing away a first start that was
# cut off. The image takes whatever has a PG_VERSION for a database, and initdb refuses a directory
# with files in it: one kill in the first seconds of a new server would otherwise be for good.
set -eu
data=${PGDATA:-/var/lib/postgresql/data}

# initdb makes pg_wal first. A database of somebody's has an object identifier of 16384 or more
# (FirstNormalObjectId), and only three that initdb makes itself have less: where there is none
# yet, and no tablespace, nobody has ever stored anything. Whatever cannot be read stays.
never_had_a_database() {
  [ -d "$data/pg_wal" ] || return 1
  if [ -d "$data/base" ]; then
    databases=$(ls "$data/base") || return 1
    for database in $databases; do
      case $database in [0-9][0-9][0-9][0-9][0-9]*) return 1 ;; esac
    done
  fi
  if [ -d "$data/pg_tblspc" ]; then
    tablespaces=$(ls "$data/pg_tblspc") || return 1
    [ -z "$tablespaces" ] || return 1
  fi
}

if never_had_a_database; then
  echo 'masto: the first start was cut off before there was a database; beginning again' >&2
  find "$data" -mindepth 1 -delete
fi
exec docker-entrypoint.sh "$@"
