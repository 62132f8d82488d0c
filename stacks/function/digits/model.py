"""The network."""

from itertools import pairwise

from torch import nn


def network(sizes: list[int]) -> nn.Module:
    """Linear layers of these sizes, with ReLU between them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
