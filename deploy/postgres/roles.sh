#!/bin/sh
# Roles of the database: who owns the tables, who may change rows, who may look at figures. The one-off `roles`
# runs it at each start: it sets the passwords of the env file and the grants anew, and changes nothing else.
# The application has two roles and signs in as the one that POSTGRES_APP_ROLE names, so that a password can be
# replaced while the one before is still in use. The other's is left alone here.
set -eu
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv administrator POSTGRES_USER
\getenv administrator_password POSTGRES_PASSWORD
\getenv owner_password POSTGRES_OWNER_PASSWORD
\getenv app POSTGRES_APP_ROLE
\getenv app_password POSTGRES_APP_PASSWORD
\getenv monitor_password POSTGRES_MONITOR_PASSWORD
\set database :DBNAME

SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY['contravento_owner', 'contravento_app', 'contravento_app_2', 'contravento_monitor']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

-- a failed ALTER ROLE must not leave a password in the log
SET log_min_error_statement = panic;
SET log_min_duration_statement = -1;
ALTER ROLE :"administrator" PASSWORD :'administrator_password';
ALTER ROLE contravento_owner NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'owner_password';
ALTER ROLE contravento_app NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE contravento_app_2 NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE :"app" PASSWORD :'app_password';
ALTER ROLE contravento_monitor NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'monitor_password'
    CONNECTION LIMIT 5;

ALTER ROLE contravento_app SET statement_timeout = '30s';
ALTER ROLE contravento_app SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE contravento_app_2 SET statement_timeout = '30s';
ALTER ROLE contravento_app_2 SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE contravento_owner SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE contravento_monitor SET statement_timeout = '5s'; -- less than Prometheus waits: a lock hides one figure, not all

ALTER DATABASE :"database" OWNER TO contravento_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO contravento_app, contravento_monitor;
GRANT contravento_app TO contravento_app_2;
GRANT pg_monitor TO contravento_monitor;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO contravento_app, contravento_monitor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO contravento_app;
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO contravento_app;
ALTER DEFAULT PRIVILEGES FOR ROLE contravento_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO contravento_app;
ALTER DEFAULT PRIVILEGES FOR ROLE contravento_owner IN SCHEMA public
    GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO contravento_app;

CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
SQL
