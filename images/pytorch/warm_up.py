"""Import what a training usually does, so that its compiled modules are in the image."""

import os
import tempfile

import torch
import torch.distributed.launcher.api
import torch.distributed.run
import torch.multiprocessing
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="0", RANK="0", WORLD_SIZE="1")
os.environ["GLOO_SOCKET_IFNAME"] = "lo"

torch.distributed.init_process_group("gloo")
model = DistributedDataParallel(torch.nn.Linear(2, 1))
optimizer = torch.optim.AdamW(model.parameters())
data = TensorDataset(torch.ones(8, 2))
for (batch,) in DataLoader(data, batch_size=2, sampler=DistributedSampler(data)):
    model(batch).sum().backward()
    optimizer.step()
with tempfile.TemporaryFile() as file:
    torch.save(model.state_dict(), file)
    file.seek(0)
    torch.load(file, weights_only=True)
torch.distributed.destroy_process_group()
