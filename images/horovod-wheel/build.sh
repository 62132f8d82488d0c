#!/bin/sh
# build.sh pytorch|tensorflow cpu|cuda: build Horovod's wheel into /wheel, for the framework in /opt/venv.
# - Two of its CMake files ask for an older C++ than torch's headers are written in
#   (horovod/horovod#3996).
# - Its XLA operations, off by default, need headers that TensorFlow's wheel does not have.
# - Its Keras callbacks take Keras 3's backend for that of tf.keras, which may be Keras 2.
# - It asks TensorFlow for a stream of the GPU by a function that the wheel does not export; the stream
#   itself tells it.
set -eu
cd /build
if [ -s /build/pip.conf ]; then export PIP_CONFIG_FILE=/build/pip.conf; fi
python3 -m pip --python /opt/venv/bin/python download --no-deps --no-binary :all: \
    --no-build-isolation --no-cache-dir --require-hashes --requirement /build/horovod.txt
tar -xzf horovod-*.tar.gz
cd horovod-*/
sed -i 's/CMAKE_CXX_STANDARD 14/CMAKE_CXX_STANDARD 17/' CMakeLists.txt horovod/torch/CMakeLists.txt
sed -i '/xla_mpi_ops.cc/d' horovod/tensorflow/CMakeLists.txt
sed -i 's/from keras import backend as K/K = keras.backend/' horovod/tensorflow/keras/*.py
sed -i 's/^GpuStreamHandle AsGpuStreamValue(Stream\* stream);/template <class S> GpuStreamHandle AsGpuStreamValue(S* stream) {\
  return static_cast<GpuStreamHandle>(stream->platform_specific_handle().stream);\
}/' horovod/tensorflow/mpi_ops.cc
export "HOROVOD_WITH_$(echo "$1" | tr a-z A-Z)=1" HOROVOD_WITH_GLOO=1 HOROVOD_WITHOUT_MPI=1
export HOROVOD_WITHOUT_MXNET=1 MAKEFLAGS="-j$(nproc)" LDFLAGS=-s PATH=/opt/venv/bin:$PATH
if [ "$2" = cuda ]; then . /build/cuda.sh; fi
python setup.py --quiet bdist_wheel --dist-dir /wheel
