#!/bin/sh
# ./deploy.sh <dev|staging|prod> [verb] [options]; no verb deploys. ./deploy.sh --help lists the verbs.
# Finds Python 3.12 or newer, makes a small environment of its own on first use (a few packages, by
# their checksums, in var/ops/python), and hands over to contravento_ops.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
made=$root/var/ops/python
wanted=$root/src/contravento_ops/requirements.txt

if [ -x "$root/.venv/bin/python" ] && [ -f "$root/.venv/ready" ]; then
    python=$root/.venv/bin/python # the one that `make` keeps has all of it
else
    python=$made/bin/python
    if ! cmp -s "$wanted" "$made/made-from"; then
        found=
        for each in python3.13 python3.14 python3.12 python3; do
            # from here, where .python-version tells pyenv and its kin which one is meant
            if (cd "$root" && "$each" -c 'import sys, venv; sys.exit(sys.version_info < (3, 12))') 2>/dev/null; then
                found=$each
                break
            fi
        done
        if [ -z "$found" ]; then
            echo "Python 3.12 or newer is needed, with its venv module; none was found." >&2
            exit 1
        fi
        echo "Making the deployment program's environment in var/ops/python, once …" >&2
        rm -rf "$made"
        if ! { (cd "$root" && "$found" -m venv "$made") && "$python" -m pip install --quiet \
            --disable-pip-version-check --require-hashes --requirement "$wanted" >&2; }; then
            rm -rf "$made"
            echo "The environment could not be made. On Debian and Ubuntu: apt install python3-venv." >&2
            exit 1
        fi
        cp "$wanted" "$made/made-from"
    fi
fi
PYTHONPATH=$root/src CONTRAVENTO_ROOT=$root exec "$python" -m contravento_ops "$@"
