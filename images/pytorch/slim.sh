#!/bin/sh
# Fit torch's CUDA build for machines without a GPU: stand-ins for CUDA, no GPU code, no headers.
set -eu
torch=$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch
/opt/venv/bin/python /build/cuda_stubs.py "$torch/lib"
/opt/venv/bin/python /build/elf_trim.py "$torch"/lib/*.so
rm -rf "$torch/include" "$torch/share" "$torch"/bin/protoc*
