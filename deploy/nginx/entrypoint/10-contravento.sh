#!/bin/sh
# Runs before nginx does: writes its configuration and leaves the watcher behind.
set -eu
touch /run/nginx/alive
/opt/contravento/bin/render
/opt/contravento/bin/watch &
