"""What EC2's rules share."""

from __future__ import annotations

from ..hardware import Machine

EFA_GUIDE = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa.html"
_IN_BLOCKS = ("p4d.", "p4de.", "p5.", "p5e.", "p5en.", "p6-")


def sold_as_block(known: Machine) -> bool:
    """Whether EC2 sells the machine in Capacity Blocks; a test compares it with EC2's data."""
    return known.machine.startswith(_IN_BLOCKS)
