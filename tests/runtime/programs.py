"""Training programs that the tests run."""

ALL_REDUCE = """\
import os
import torch, torch.distributed as dist
from trainstack_runtime import progress, result

dist.init_process_group("gloo")
total = torch.ones(1)
dist.all_reduce(total)
progress(step=1, total=1, sum=total)
result(sum=total, restarts=os.environ["TORCHELASTIC_RESTART_COUNT"])
dist.destroy_process_group()
"""

ONE_FAILS = """\
import torch, torch.distributed as dist

def main():
    dist.init_process_group("gloo")
    if dist.get_rank() == 1:
        raise ValueError("the learning rate is negative")
    dist.all_reduce(torch.ones(1))
    dist.all_reduce(torch.ones(1))

main()
"""

CRASHES = """\
import os, pathlib, sys, time
import torch, torch.distributed as dist
from trainstack_runtime import result

dist.init_process_group("gloo")
total = torch.ones(1)
dist.all_reduce(total)
crashes = pathlib.Path(sys.argv[1])
if dist.get_rank() == 1 and len(list(crashes.glob("*"))) < int(sys.argv[2]):
    (crashes / str(time.time())).touch()
    os._exit(7)
for _ in range(5):
    dist.all_reduce(torch.ones(1))
result(sum=total, old_store=os.environ["TORCHELASTIC_USE_AGENT_STORE"])
dist.destroy_process_group()
"""
"""Rank 1 ends so often without a word; a folder remembers."""

STEPS = """\
import json, pathlib, sys, time
import torch, torch.distributed as dist
from trainstack_runtime import result, stop_requested

dist.init_process_group("gloo")
place = {"world": dist.get_world_size(), "rank": dist.get_rank()}
worlds = pathlib.Path(sys.argv[1], "worlds")
if not place["rank"]:
    with worlds.open("a") as file:
        file.write(f"{place['world']}\\n")
while not stop_requested():
    stop = torch.tensor(float(pathlib.Path(sys.argv[1], "stop").exists()))
    dist.all_reduce(stop)
    print(json.dumps({"time": time.time(), **place}), flush=True)
    if stop:
        break
    time.sleep(0.1)
result(worlds=[int(line) for line in worlds.read_text().split()])
dist.destroy_process_group()
"""
"""Steps until there is a file `stop` in a folder; hangs when a peer is lost without a word."""

SAVES = """\
import pathlib, sys, time
from trainstack_runtime import stop_requested

print("training", flush=True)
while not stop_requested():
    time.sleep(0.05)
time.sleep(1)
pathlib.Path(sys.argv[1]).write_text("saved")
"""

SAVES_WITH_LOADER = """\
import pathlib, sys, time
import torch
from torch.utils.data import DataLoader, Dataset
from trainstack_runtime import stop_requested

class Slow(Dataset):
    def __len__(self):
        return 10_000
    def __getitem__(self, index):
        time.sleep(0.01)
        return torch.ones(1)

if __name__ == "__main__":
    context = sys.argv[2]
    for step, batch in enumerate(
        DataLoader(Slow(), batch_size=4, num_workers=2, multiprocessing_context=context)
    ):
        if step == 0:
            print("training", flush=True)
        if stop_requested() and step > 20:
            break
        last = step
        if stop_requested():
            time.sleep(0.1)
    pathlib.Path(sys.argv[1]).write_text("saved")
"""

LOOKS_AROUND = """\
import atexit, json, multiprocessing, os, sys
from trainstack_runtime import result

multiprocessing.set_start_method("forkserver")
atexit.register(lambda: print("at exit", flush=True))
result(
    argv=sys.argv,
    file=__file__,
    path=sys.path[0],
    name=__name__,
    main=sys.modules["__main__"].__dict__ is globals(),
    process=multiprocessing.current_process().name,
    threads=os.environ["OMP_NUM_THREADS"],
    torch_before_us="torch" in TORCH,
)
""".replace('"torch" in TORCH', '"torch" in list(sys.modules)')

COUNTS = """\
import sys, time
from trainstack_runtime import result, resume_folder, save_folder, stop_requested

until, folder = int(sys.argv[1]), resume_folder()
first = step = int((folder / "step").read_text()) if folder else 0
print("begins at", first, flush=True)
while step < until and not stop_requested():
    step += 1
    time.sleep(0.02)
    if step % 50 == 0 or stop_requested():
        with save_folder(step) as folder:
            (folder / "step").write_text(str(step))
result(first=first, step=step)
"""

COUNTS_TOGETHER = """\
import sys, time
import torch, torch.distributed as dist
from trainstack_runtime import result, resume_folder, save_folder, stop_requested

until, folder = int(sys.argv[1]), resume_folder()
first = step = int((folder / "step").read_text()) if folder else 0
dist.init_process_group("gloo")
rank, world = dist.get_rank(), dist.get_world_size()
print(f"rank {rank} begins at {first}", flush=True)
while step < until:
    total = torch.tensor([step])
    dist.all_reduce(total)
    assert total.item() == step * world
    step += 1
    time.sleep(0.02)
    if step % 50 == 0 or stop_requested():
        with save_folder(step) as folder:
            (folder / "step").write_text(str(step))
    if stop_requested():
        sys.exit()
result(first=first, step=step)
dist.destroy_process_group()
"""

WAITS_ALONE = """\
import pathlib, sys, time
import torch, torch.distributed as dist
from trainstack_runtime import result

dist.init_process_group("gloo")
world, rank = dist.get_world_size(), dist.get_rank()
dist.all_reduce(torch.ones(1))
print(f"world {world} rank {rank}", flush=True)
dist.destroy_process_group()
while world == 2 and rank == 0 and not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.1)
result(world=world)
"""
"""Of two nodes, rank 0 goes on until there is a file, and the other one is done at once."""

ENDS = """\
import time
import torch, torch.distributed as dist

dist.init_process_group("gloo")
rank = dist.get_rank()
dist.all_reduce(torch.ones(1))
print(f"world {dist.get_world_size()} rank {rank}", flush=True)
dist.destroy_process_group()
if rank:
    time.sleep(4)
    raise ValueError("after rank 0")
"""

SAVES_SLOWLY = """\
import sys, time
import torch, torch.distributed as dist
from trainstack_runtime import result, resume_folder, save_folder, stop_requested

folder = resume_folder()
first = step = int((folder / "step").read_text()) if folder else 0
dist.init_process_group("gloo")
world, rank = dist.get_world_size(), dist.get_rank()
print(f"world {world} rank {rank}", flush=True)
while world == 2:
    dist.all_reduce(torch.ones(1))
    step += 1
    time.sleep(0.05)
    if stop_requested():
        dist.destroy_process_group()
        with save_folder(step) as folder:
            time.sleep(9)
            (folder / "step").write_text(str(step))
        sys.exit()
result(world=world, first=first)
"""
"""Two nodes train until one is stopped, which takes longer to save than its peer to notice."""
