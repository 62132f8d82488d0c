"""Training scripts that tests ship."""

REDUCE = """
import torch, torch.distributed as dist
from trainstack_runtime import result

dist.init_process_group("gloo")
total = torch.ones(1)
dist.all_reduce(total)
result(world=int(total.item()))
dist.destroy_process_group()
"""

FAILS_ON_RANK_1 = """
import os, time
import torch.distributed as dist

dist.init_process_group("gloo")
if dist.get_rank() == 1:
    raise ValueError("the deliberate bug")
time.sleep(600)
"""

SLEEPS = """
import time
print("sleeping", flush=True)
time.sleep(600)
"""

STEPS_UNTIL = """
import argparse, json, time
import torch, torch.distributed as dist
from trainstack_runtime import result

parser = argparse.ArgumentParser()
parser.add_argument("--until", type=float)
until = parser.parse_args().until
dist.init_process_group("gloo")
print(json.dumps({"joined": dist.get_rank(), "time": time.time()}), flush=True)
worlds = set()
while True:
    flags = torch.tensor([float(time.time() < until), 1.0])
    dist.all_reduce(flags)
    world = int(flags[1].item())
    worlds.add(world)
    if dist.get_rank() == 0:
        print(json.dumps({"world": world, "time": time.time()}), flush=True)
    if flags[0].item() < world:
        break
    time.sleep(0.1)
result(worlds=sorted(worlds))
dist.destroy_process_group()
"""
