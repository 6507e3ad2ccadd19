#!/usr/bin/env bash
# Gives Airflow a role and a database beside the application's, and keeps roles out of databases that are not theirs.
# The postgres image runs it once, on an empty data directory; running it again by hand repeats it without harm.
# A mounted file is sourced, not executed, so options and variables stay inside a subshell.
(
  set -euo pipefail
  : "${POSTGRES_DB:?set it to the name of the database}" "${AIRFLOW_DB_NAME:?set it to the name of the database}"
  : "${AIRFLOW_DB_USER:?set it to the name of the role}" "${AIRFLOW_DB_PASSWORD:?set it to the password of the role}"
  export PGOPTIONS="-c client_min_messages=warning"

  # psql reads names and the password from the environment, so that no process list shows them, and quotes them.
  psql --no-psqlrc --no-password --quiet --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv user AIRFLOW_DB_USER
\getenv password AIRFLOW_DB_PASSWORD
\getenv database AIRFLOW_DB_NAME
\getenv application POSTGRES_DB
SELECT format('CREATE ROLE %I', :'user') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec
ALTER ROLE :"user" LOGIN PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'user')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE CONNECT, TEMPORARY ON DATABASE :"application", :"database", postgres FROM PUBLIC;
SQL
)
