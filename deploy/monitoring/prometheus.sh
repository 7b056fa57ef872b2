#!/bin/sh
# Writes down which site is visited by its public name, and becomes Prometheus.
set -eu
mkdir -p /tmp/targets
printf '[{"targets": ["%s/health"]}]\n' "${SITE%/}" >/tmp/targets/site.json
exec prometheus "$@"
