#!/bin/sh
# pip-install ARGUMENTS: install into /opt/venv, which has no pip of its own; locks are complete.
# Without arguments it only sees to it that the build stage has a pip.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if ! python3 -m pip --version >/dev/null 2>&1; then
    apt-get update
    apt-get install --yes --no-install-recommends python3-pip
fi
if [ $# = 0 ]; then exit; fi
if [ -s /build/pip.conf ]; then export PIP_CONFIG_FILE=/build/pip.conf; fi
exec python3 -m pip --python /opt/venv/bin/python install \
    --no-deps --no-cache-dir --no-compile \
    --disable-pip-version-check --root-user-action=ignore "$@"
