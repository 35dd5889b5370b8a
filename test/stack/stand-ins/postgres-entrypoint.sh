#!/bin/bash
# Does what the official image's entry point does with POSTGRES_DB, POSTGRES_USER and POSTGRES_PASSWORD: as root it takes the
# data directory over and goes on as postgres; an empty data directory becomes a cluster with that user and database.
set -euo pipefail

if [[ $1 != postgres ]]; then exec "$@"; fi

if [[ $(id -u) == 0 ]]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  find "$PGDATA" ! -user postgres -exec chown postgres '{}' +
  chown postgres:postgres /var/run/postgresql
  exec setpriv --reuid=70 --regid=70 --clear-groups "$0" "$@"
fi

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  if [[ -n ${POSTGRES_PASSWORD_FILE:-} ]]; then POSTGRES_PASSWORD="$(<"$POSTGRES_PASSWORD_FILE")"; fi
  if [[ -z ${POSTGRES_PASSWORD:-} ]]; then
    echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
    exit 1
  fi
  user="${POSTGRES_USER:-postgres}"
  database="${POSTGRES_DB:-$user}"
  initdb --pgdata="$PGDATA" --username="$user" --encoding=UTF8 --locale=C --auth-local=trust --auth-host=scram-sha-256 \
    --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD")
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait start
  if [[ $database != postgres ]]; then
    psql --username="$user" --dbname=postgres --no-psqlrc --set ON_ERROR_STOP=1 --set db="$database" <<<'CREATE DATABASE :"db";'
  fi
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
fi
unset POSTGRES_PASSWORD
exec "$@"
