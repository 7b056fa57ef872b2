# PgBouncer as Debian packages it. bash, for its health check, is there.
FROM debian:trixie-slim
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null \
    && rm -rf /var/lib/apt/lists/* /etc/pgbouncer
USER postgres
