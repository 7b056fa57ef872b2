#!/bin/sh
# PgBouncer in transaction mode. 40 connections for a role of the application, of which there are two while its
# password is replaced: together fewer than PostgreSQL has. A rider who gets none within 20 s is told to come back.
set -eu
cat >/tmp/pgbouncer.ini <<END
[databases]
$POSTGRES_DB = host=postgres port=5432
passwords = host=postgres port=5432 dbname=postgres

[pgbouncer]
listen_addr = *
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /run/pooler/users.txt
auth_user = contravento_pooler
auth_dbname = passwords
auth_query = SELECT name, secret FROM pooler.credentials(\$1) WHERE name IS NOT NULL
pool_mode = transaction
default_pool_size = 40
max_client_conn = 1000
query_wait_timeout = 20
server_connect_timeout = 5
server_login_retry = 1
max_prepared_statements = 0
log_connections = 0
log_disconnections = 0
END
exec pgbouncer /tmp/pgbouncer.ini
