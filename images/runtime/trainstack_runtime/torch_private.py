"""The private names of torch that our agent needs, and that another torch may not have."""

from __future__ import annotations

import inspect

from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.rendezvous import dynamic_rendezvous
from torch.distributed.launcher import api

AGENT = {
    "_exit_barrier": [],
    "_monitor_workers": ["worker_group"],
    "_rendezvous": ["worker_group"],
    "_restart_workers": ["worker_group"],
    "_shutdown": ["death_sig", "timeout"],
    "_stop_workers": ["worker_group"],
}
HANDLER = ("_heartbeat_lock", "_state_holder", "_this_node")
HOLDER = ("mark_dirty", "state", "sync")
STATE = ("closed", "last_heartbeats", "participants", "round")


def missing() -> list[str]:
    """What of torch's private names this module and `Membership` need, and this torch lacks."""
    lacking = []
    for name, parameters in AGENT.items():
        method = getattr(LocalElasticAgent, name, None)
        if method is None or list(inspect.signature(method).parameters)[1:] != parameters:
            lacking.append(f"LocalElasticAgent.{name}({', '.join(parameters)})")
    for kind, names in (
        ("DynamicRendezvousHandler", HANDLER),
        ("_RendezvousState", STATE),
        ("RendezvousTimeout", ("_last_call",)),
    ):
        known = getattr(getattr(dynamic_rendezvous, kind, None), "__annotations__", {})
        lacking += [f"{kind}.{name}" for name in names if name not in known]
    holder = getattr(dynamic_rendezvous, "_RendezvousStateHolder", None)
    lacking += [f"_RendezvousStateHolder.{name}" for name in HOLDER if not hasattr(holder, name)]
    if getattr(api, "LocalElasticAgent", None) is not LocalElasticAgent:
        lacking.append("launcher.api.LocalElasticAgent")
    return lacking
