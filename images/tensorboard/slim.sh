#!/bin/sh
# slim.sh VENV: leave out what serving does not need.
set -eu
cd "$1"/lib/python3*/site-packages
rm -rf numpy/*/tests numpy/tests numpy/_core/include numpy/f2py setuptools/tests
find . -name '*.pyi' -delete
