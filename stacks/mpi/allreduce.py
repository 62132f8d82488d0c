"""Adds vectors of all ranks by MPI, and checks the sum that every rank gets."""

import argparse
from array import array
from time import perf_counter

from mpi4py import MPI

from trainstack_runtime import progress, result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    args = parser.parse_args()

    world = MPI.COMM_WORLD
    mine = array("d", [world.rank + 1.0]) * args.length
    total = array("d", bytes(8 * args.length))
    expected = world.size * (world.size + 1) / 2

    world.Barrier()
    started = perf_counter()
    for turn in range(args.rounds):
        world.Allreduce([mine, MPI.DOUBLE], [total, MPI.DOUBLE], MPI.SUM)
        wrong = [value for value in total if value != expected]
        if wrong:
            raise ValueError(f"rank {world.rank} got {wrong[0]}, not {expected}")
        progress(step=turn + 1, total=args.rounds)
    seconds = world.allreduce(perf_counter() - started, MPI.MAX)

    hosts = sorted(set(world.allgather(MPI.Get_processor_name())))
    result(sum=expected, ranks=world.size, hosts=len(hosts), seconds=round(seconds, 3))


if __name__ == "__main__":
    main()
