#!/bin/sh
# pip-install ARGUMENTS: install into /opt/venv, which has no pip of its own; locks are complete.
set -eu
if [ -s /build/pip.conf ]; then export PIP_CONFIG_FILE=/build/pip.conf; fi
exec python3 -m pip --python /opt/venv/bin/python install \
    --no-deps --no-cache-dir --no-compile --disable-pip-version-check --root-user-action=ignore "$@"
