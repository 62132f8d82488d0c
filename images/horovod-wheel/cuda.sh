# Sourced by build.sh to build for GPUs: with NCCL, by the compiler of cuda.txt in /opt/cuda. That is not
# in /opt/venv because torch would take the libraries there for those that it is linked to.
# - The packages have no names to link by, and call the folder `lib` that nvcc looks for as `lib64`.
# - NCCL is found where the images have it.
# - The code is for the GPUs of torch's wheel; without the list it would be for all that nvcc knows.
nvidia=/opt/cuda/nvidia
ln -s lib $nvidia/cu13/lib64
ln -s libcudart.so.13 $nvidia/cu13/lib/libcudart.so
ln -s libnccl.so.2 $nvidia/nccl/lib/libnccl.so
LDFLAGS="$LDFLAGS -Wl,-rpath,$(echo /opt/venv/lib/python3*/site-packages)/nvidia/nccl/lib"
export CUDA_HOME=$nvidia/cu13 HOROVOD_CUDA_HOME=$nvidia/cu13 HOROVOD_NCCL_HOME=$nvidia/nccl
export HOROVOD_GPU=CUDA HOROVOD_GPU_OPERATIONS=NCCL HOROVOD_NCCL_LINK=SHARED
export HOROVOD_BUILD_CUDA_CC_LIST=75,80,86,90,100,120
