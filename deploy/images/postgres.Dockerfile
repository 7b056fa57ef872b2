# PostgreSQL as officially made, with what backups need beside it: pgBackRest pushes and fetches WAL, restic
# carries copies away, Python runs the backup service. Official or not, the packages are Debian's.
FROM postgres:18-trixie
USER root
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        ca-certificates openssl pgbackrest python3 python3-psycopg restic >/dev/null \
    && rm -rf /var/lib/apt/lists/* /etc/pgbackrest.conf /etc/pgbackrest
RUN install -d -o postgres -g postgres -m 0711 /var/backups/contravento \
    && printf '#!/bin/sh\nexec python3 -m contravento_backup "$@"\n' >/usr/local/bin/contravento-backup \
    && chmod 755 /usr/local/bin/contravento-backup
COPY --chmod=755 pgbackrest-archive /usr/local/bin/
ENV PYTHONPATH=/opt/contravento PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
