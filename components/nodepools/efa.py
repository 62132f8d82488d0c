"""Which network cards of a machine get an EFA interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .hardware import Machine


@dataclass(frozen=True)
class Interface:
    """A network interface of a node."""

    card: int
    device: int
    kind: Literal["interface", "efa-only"]


def interfaces(known: Machine) -> list[Interface]:
    """One ordinary interface on the first card, and one of EFA on each card that can.

    The cards that can are the last ones: of the 17 of a p6-b300.48xlarge all but the first.
    <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-acc-inst-types.html>
    """
    cards = known.network_cards or 1
    first = Interface(card=0, device=0, kind="interface")
    able = range(cards - known.fabric_cards, cards)
    return [first, *(Interface(card, 0 if card else 1, "efa-only") for card in able)]
