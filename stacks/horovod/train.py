"""Trains a small network on scikit-learn's digits, on however many ranks there are just then."""

import argparse
from time import time

import horovod.torch as hvd
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainstack_runtime import progress, result


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
    images, labels = test.tensors
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    args = parser.parse_args()

    hvd.init()
    torch.manual_seed(0)
    train, test = datasets()
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = hvd.DistributedOptimizer(
        torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9),
        named_parameters=model.named_parameters(),
    )
    sampler = hvd.elastic.ElasticSampler(train)
    state = hvd.elastic.TorchState(model=model, optimizer=optimizer, sampler=sampler, epoch=0)
    worlds: list[tuple[int, float]] = []

    @hvd.elastic.run
    def learn(state: hvd.elastic.TorchState) -> None:
        """Called again, with the last commit, whenever ranks went or came."""
        worlds.append((hvd.size(), time()))
        batches = DataLoader(train, batch_size=32, sampler=state.sampler)
        while state.epoch < args.epochs:
            for index, (images, labels) in enumerate(batches):
                loss = nn.functional.cross_entropy(model(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                state.sampler.record_batch(index, 32)
            state.epoch += 1
            state.sampler.set_epoch(state.epoch)
            state.commit()
            progress(step=state.epoch, total=args.epochs, ranks=hvd.size(), loss=loss.item())

    learn(state)
    result(accuracy=round(accuracy(model, test), 4), epochs=args.epochs, worlds=worlds)


if __name__ == "__main__":
    main()
