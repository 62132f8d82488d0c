"""Trains a small network on scikit-learn's handwritten digits, on every rank together."""

import argparse

import torch
import torch.distributed as dist
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from trainstack_runtime import progress, result, resume_folder, save_folder, stop_requested


def datasets() -> tuple[TensorDataset, TensorDataset]:
    images, labels = load_digits(return_X_y=True)
    everything = TensorDataset(
        torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels, dtype=torch.long)
    )
    train, test = torch.utils.data.random_split(
        everything, [0.8, 0.2], torch.Generator().manual_seed(0)
    )
    return TensorDataset(*everything[train.indices]), TensorDataset(*everything[test.indices])


def accuracy(model: nn.Module, test: TensorDataset) -> float:
    """Share of right answers, each rank counting its part of the test set."""
    rank, world = dist.get_rank(), dist.get_world_size()
    images, labels = (part[rank::world] for part in test.tensors)
    with torch.no_grad():
        right = (model(images).argmax(1) == labels).sum()
    counts = torch.tensor([right.item(), len(labels)], dtype=torch.float64)
    dist.all_reduce(counts)
    return (counts[0] / counts[1]).item()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    args = parser.parse_args()

    dist.init_process_group("gloo")
    torch.manual_seed(0)
    train, test = datasets()
    network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=args.lr, momentum=0.9)

    first = 0
    if saved := resume_folder():
        state = torch.load(saved / "state.pt", weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["epoch"] + 1

    model = DistributedDataParallel(network)
    sampler = DistributedSampler(train)
    batches = DataLoader(train, batch_size=32, sampler=sampler)
    for epoch in range(first, args.epochs):
        sampler.set_epoch(epoch)
        for images, labels in batches:
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if dist.get_rank() == 0:
            state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
            with save_folder(epoch) as folder:
                torch.save({**state, "epoch": epoch}, folder / "state.pt")
        progress(step=epoch + 1, total=args.epochs, loss=loss.item())
        if stop_requested():
            return

    result(accuracy=round(accuracy(model, test), 4), epochs=args.epochs)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
