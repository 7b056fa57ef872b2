-- Written by `make kubernetes`. Passwords, and who may sign in, are CloudNativePG's.
DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[
        'contravento_owner', 'contravento_app', 'contravento_app_2', 'contravento_monitor'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
    END LOOP;
END $$;
ALTER ROLE contravento_app NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE contravento_app_2 NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE contravento_app SET statement_timeout = '30s';
ALTER ROLE contravento_app SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE contravento_app_2 SET statement_timeout = '30s';
ALTER ROLE contravento_app_2 SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE contravento_owner SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE contravento_monitor SET statement_timeout = '5s';
ALTER DATABASE "contravento" OWNER TO contravento_owner;
REVOKE ALL ON DATABASE "contravento" FROM PUBLIC;
GRANT CONNECT ON DATABASE "contravento" TO contravento_app, contravento_monitor;
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
