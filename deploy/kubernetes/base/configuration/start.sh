#!/bin/sh
# The server with its password, which stands in memory only.
set -eu
umask 077
cp /opt/contravento/redis.conf /tmp/redis.conf
quoted=$(printf '%s' "$REDIS_PASSWORD" | sed 's/["\\]/\\&/g')
printf 'requirepass "%s"\n' "$quoted" >>/tmp/redis.conf
exec redis-server /tmp/redis.conf
