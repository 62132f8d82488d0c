#!/bin/sh
# What the launch runtime imports for buckets, into /out: boto3 with the services that reach S3.
set -eu
pip-install --root /out --requirement /build/requirements.txt
find /out/opt/venv/lib/python3*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
    ! -name s3 ! -name sts ! -name sso ! -name sso-oidc ! -name signin -exec rm -r {} +
/opt/venv/bin/python -m compileall -q /out/opt/venv
