#!/usr/bin/env bash
# Starts PostgreSQL under the contract of the official image: the same variables, the same
# one-time initialisation, the same user. https://hub.docker.com/_/postgres
set -Eeuo pipefail

# Takes VAR from the file that VAR_FILE names, or VAR, or a default; both set is an error.
from_file_or_env() {
  local var=$1 default=${2:-} file_var=${1}_FILE
  if [[ -n ${!var:-} && -n ${!file_var:-} ]]; then
    echo >&2 "error: both $var and $file_var are set (but are exclusive)"
    exit 1
  fi
  local value=${!var:-$default}
  [[ -z ${!file_var:-} ]] || value=$(<"${!file_var}")
  export "$var=$value"
  unset "$file_var"
}

require_password() {
  if [[ -z $POSTGRES_PASSWORD && ${POSTGRES_HOST_AUTH_METHOD:-} != trust ]]; then
    cat >&2 <<'MESSAGE'
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.
MESSAGE
    exit 1
  fi
}

initialize() {
  # Waiting for the disk is most of what initdb takes, and until the first client there is nothing
  # here that could not be made again.
  local options=(--no-sync)
  [[ -z ${POSTGRES_INITDB_WALDIR:-} ]] || options+=(--waldir "$POSTGRES_INITDB_WALDIR")
  # POSTGRES_INITDB_ARGS is a command line in one variable, so it is split as a shell splits it.
  eval "options+=(${POSTGRES_INITDB_ARGS:-})"
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${options[@]}"

  local method=${POSTGRES_HOST_AUTH_METHOD:-}
  [[ -n $method ]] || method=$(postgres -C password_encryption)
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

# Nobody outside may meet a half-made database, so this one listens on its socket alone.
start_temporary_server() {
  [[ ${1:-} != postgres ]] || shift
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -w start \
    -o "$(printf '%q ' "$@" -c listen_addresses= -c fsync=off -p "${PGPORT:-5432}")"
}

stop_temporary_server() {
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
}

sql() {
  PGHOST='' PGPASSWORD=$POSTGRES_PASSWORD \
    psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER" "$@"
}

create_database() {
  local known
  known=$(sql --dbname postgres --set db="$POSTGRES_DB" --tuples-only \
    <<<"SELECT 1 FROM pg_database WHERE datname = :'db';")
  [[ -n $known ]] || sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
}

run_init_files() {
  local file
  for file; do
    echo "$0: running $file"
    case $file in
      *.sh)
        if [[ -x $file ]]; then
          "$file"
        else
          # shellcheck disable=SC1090 # the operator's own file
          source "$file"
        fi
        ;;
      *.sql) sql --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | sql --dbname "$POSTGRES_DB" ;;
      *) echo "$0: ignoring $file" ;;
    esac
  done
}

own_directories() {
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 00700 "$PGDATA" || true
  chmod 03775 /var/run/postgresql || true
  if [[ $(id -u) == 0 ]]; then
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
  fi
}

wants_help() {
  local argument
  for argument; do
    case $argument in
      -'?' | --help | --describe-config | -V | --version) return 0 ;;
    esac
  done
  return 1
}

main() {
  [[ ${1:--} != -* ]] || set -- postgres "$@"
  if [[ $1 == postgres ]] && ! wants_help "$@"; then
    own_directories
    if [[ $(id -u) == 0 ]]; then
      exec setpriv --reuid=postgres --regid=postgres --init-groups -- "${BASH_SOURCE[0]}" "$@"
    fi
    from_file_or_env POSTGRES_PASSWORD
    from_file_or_env POSTGRES_USER postgres
    from_file_or_env POSTGRES_DB "$POSTGRES_USER"
    from_file_or_env POSTGRES_INITDB_ARGS
    if [[ -s $PGDATA/PG_VERSION ]]; then
      printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    else
      require_password
      initialize
      start_temporary_server "$@"
      create_database
      shopt -s nullglob
      run_init_files /docker-entrypoint-initdb.d/*
      stop_temporary_server
      unset PGPASSWORD
      printf '\nPostgreSQL init process complete; ready for start up.\n\n'
    fi
  fi
  exec "$@"
}

main "$@"
