#!/bin/sh
# slim.sh VENV: leave out what only compiles or measures, and make copies of a library links.
set -eu
cd "$1"
rm -rf include share/doc share/man bin/IMB-* bin/mpitune* opt/mpi/tune_fast lib/*.a lib/libmpcp* lib/libmpijava*
for one in lib/*.so*; do
    for other in lib/*.so*; do
        if [ "$one" != "$other" ] && [ ! -L "$one" ] && [ ! -L "$other" ] && cmp -s "$one" "$other"; then
            ln -sf "$(basename "$one")" "$other"
        fi
    done
done
