-- Makes ContraVento's roles on a PostgreSQL elsewhere, with psql as whoever administers the database there, who
-- need be no superuser. Passwords come from the environment, as the env file names them:
--   set -a; . ./.env.prod; set +a
--   psql -f deploy/postgres/elsewhere.sql 'postgresql://ADMINISTRATOR@HOST/DATABASE?sslmode=verify-full&sslrootcert=system'
-- Running it again changes nothing but passwords. What our own server's roles.sh does beyond this needs a superuser.
\set ON_ERROR_STOP on
\getenv owner_password POSTGRES_OWNER_PASSWORD
\getenv app_password POSTGRES_APP_PASSWORD
\getenv monitor_password POSTGRES_MONITOR_PASSWORD
\set database :DBNAME

SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY['contravento_owner', 'contravento_app', 'contravento_monitor']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE contravento_owner PASSWORD :'owner_password';
ALTER ROLE contravento_app PASSWORD :'app_password';
ALTER ROLE contravento_monitor PASSWORD :'monitor_password' CONNECTION LIMIT 5;

ALTER ROLE contravento_app SET statement_timeout = '30s';
ALTER ROLE contravento_app SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE contravento_owner SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE contravento_monitor SET statement_timeout = '5s';

-- Figures of other roles' work are the provider's to show: without them some panels stay empty.
DO $$
BEGIN
    GRANT pg_monitor TO contravento_monitor, contravento_owner;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pg_monitor could not be granted: figures of connections and statements stay hidden';
END $$;
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'pg_stat_statements could not be created: figures of statements stay empty';
END $$;

GRANT contravento_owner TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
ALTER DATABASE :"database" OWNER TO contravento_owner;
SET ROLE contravento_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO contravento_app, contravento_monitor;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO contravento_app, contravento_monitor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO contravento_app;
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO contravento_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO contravento_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO contravento_app;
