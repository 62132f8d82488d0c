#!/bin/sh
# Write the hash-pinned requirements of the images anew: images/lock.sh (needs uv).
set -eu
cd "$(dirname "$0")"
lock() {
    uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url \
        --python-version 3.11 --python-platform x86_64-manylinux_2_28 "$@"
}
lock runtime/requirements.in -o runtime/requirements.txt
lock pytorch/requirements.in -o pytorch/requirements.txt
lock --no-deps pytorch/torch.in -o pytorch/torch.txt
lock pytorch/torch.in pytorch/requirements.in -c pytorch/requirements.txt -o pytorch/torch-cuda.txt
lock tensorboard/requirements.in -o tensorboard/requirements.txt
lock quickstart/requirements.in -c pytorch/requirements.txt -o quickstart/requirements.txt
lock mpi/requirements.in -o mpi/requirements.txt
for other in openmpi5 mpich intel; do lock mpi/$other.in -o mpi/$other.txt; done
lock horovod/requirements.in -c pytorch/requirements.txt -c quickstart/requirements.txt -o horovod/requirements.txt
lock horovod-wheel/needs.in -c horovod/requirements.txt -o horovod-wheel/needs.txt
lock --no-deps horovod-wheel/horovod.in -o horovod-wheel/horovod.txt
lock horovod-wheel/cuda.in -c pytorch/torch-cuda.txt -o horovod-wheel/cuda.txt
lock --no-emit-package tensorflow --no-emit-package libclang tensorflow/requirements.in -c horovod/requirements.txt -c quickstart/requirements.txt -o tensorflow/requirements.txt
lock --no-emit-package libclang tensorflow/requirements-cuda.in -c tensorflow/requirements.txt -o tensorflow/requirements-cuda.txt
