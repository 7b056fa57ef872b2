#!/bin/sh
# The role that PgBouncer signs in as to ask for the application's passwords, as PostgreSQL keeps them: hashed. It
# may do nothing else. Its own password is made once, and stands where PgBouncer alone reads it. What it asks with
# is kept beside the application's database, not in it: dumps and restores know nothing of it.
set -eu
users=/run/pooler/users.txt
[ -s "$users" ] || {
    password=$(od -An -N 32 -tx1 /dev/urandom | tr -d ' \n')
    printf '"contravento_pooler" "%s"\n' "$password" >"$users.new"
    chmod 644 "$users.new" # the volume is mounted here and in PgBouncer
    mv "$users.new" "$users"
}
POOLER_PASSWORD=$(cut -d '"' -f 4 "$users")
export POOLER_PASSWORD
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv password POOLER_PASSWORD
SELECT 'CREATE ROLE contravento_pooler LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'contravento_pooler') \gexec

-- a failed ALTER ROLE must not leave a password in the log
SET log_min_error_statement = panic;
SET log_min_duration_statement = -1;
ALTER ROLE contravento_pooler NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 5
    PASSWORD :'password';

CREATE SCHEMA IF NOT EXISTS pooler;
CREATE OR REPLACE FUNCTION pooler.credentials(wanted text, OUT name text, OUT secret text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    RETURN (
        SELECT ROW(rolname::text, rolpassword) FROM pg_authid
        WHERE rolname = wanted AND rolname IN ('contravento_app', 'contravento_app_2')
    );
REVOKE ALL ON FUNCTION pooler.credentials(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA pooler TO contravento_pooler;
GRANT EXECUTE ON FUNCTION pooler.credentials(text) TO contravento_pooler;
SQL
