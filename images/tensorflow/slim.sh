#!/bin/sh
# Leave out what only a compiler or a debugger reads of TensorFlow: headers and symbol tables.
set -eu
tensorflow=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tensorflow
rm -rf "$tensorflow/include"
find "$tensorflow" -name '*.so*' -exec strip --strip-unneeded {} +
