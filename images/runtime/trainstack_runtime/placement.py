"""Whether the ranks run where they should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .collector import Rank
from .hostfile import Host


def misplaced(ranks: Sequence[Rank], hosts: Sequence[Host]) -> str | None:
    """What is wrong with where the ranks are, or None: each host has as many as its slots."""
    wanted = {host.short: host.slots for host in hosts}
    found = Counter(rank.host.partition(".")[0] for rank in ranks)
    if found == wanted:
        return None
    return (
        f"the ranks run on {_counted(found)}, but the hostfile says {_counted(wanted)}: the MPI "
        "in the image did not follow it"
    )


def _counted(ranks: dict[str, int]) -> str:
    return ", ".join(f"{host} ({count})" for host, count in sorted(ranks.items()))
