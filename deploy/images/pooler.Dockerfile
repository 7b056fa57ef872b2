# PgBouncer as Debian packages it, on what the application stands on: a host has that already. bash is there for
# its health check.
FROM python:3.13-slim-trixie
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null \
    && rm -rf /var/lib/apt/lists/* /etc/pgbouncer
USER postgres
