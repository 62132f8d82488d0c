#!/bin/sh
# Build Horovod's wheel into /wheel, for the torch in /opt/venv. Two of its CMake files ask for an
# older C++ than torch's headers are written in (horovod/horovod#3996).
set -eu
cd /build
if [ -s /build/pip.conf ]; then export PIP_CONFIG_FILE=/build/pip.conf; fi
python3 -m pip --python /opt/venv/bin/python download --no-deps --no-binary :all: \
    --no-build-isolation --no-cache-dir --require-hashes --requirement /build/horovod.txt
tar -xzf horovod-*.tar.gz
cd horovod-*/
sed -i 's/CMAKE_CXX_STANDARD 14/CMAKE_CXX_STANDARD 17/' CMakeLists.txt horovod/torch/CMakeLists.txt
export HOROVOD_WITH_PYTORCH=1 HOROVOD_WITH_GLOO=1 MAKEFLAGS="-j$(nproc)" LDFLAGS=-s
export HOROVOD_WITHOUT_MPI=1 HOROVOD_WITHOUT_MXNET=1 HOROVOD_WITHOUT_TENSORFLOW=1
export PATH=/opt/venv/bin:$PATH
python setup.py --quiet bdist_wheel --dist-dir /wheel
