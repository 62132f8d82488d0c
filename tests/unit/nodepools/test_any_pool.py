"""Whatever is said of a pool is refused with its field, or makes a pool without a clash."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.pools import EKS, GKE, KARPENTER, changed
from trainstack import (
    EksGpuNodePoolArgs,
    GkeGpuNodePoolArgs,
    KarpenterGpuNodePoolArgs,
    TrainstackError,
)
from trainstack.nodepools.eks.render import render_launch_template, render_node_group
from trainstack.nodepools.gke.render import render_node_pool
from trainstack.nodepools.gpu_pool_args import GpuPoolArgs
from trainstack.nodepools.hardware import machines
from trainstack.nodepools.karpenter.render import render_node_class
from trainstack.nodepools.karpenter.render import render_node_pool as render_karpenter_pool

maybe = st.none() | st.just(True)


def machine_of(cloud: str) -> st.SearchStrategy[str]:
    return st.sampled_from([one.machine for one in machines().values() if one.cloud == cloud])


def said(base: dict[str, Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(fields).map(lambda some: changed(base, **some))


def read(model: type[GpuPoolArgs], some: dict[str, Any]) -> Any:
    """The arguments, if they are not refused with a field's name."""
    try:
        return model(**some)
    except TrainstackError as error:
        _, field, _ = str(error).split(": ", 2)
        assert field in model.model_fields
    return assume(False)


AWS = {
    "machine": machine_of("aws"),
    "rdma": st.sampled_from([None, True, False]),
    "spot": maybe,
    "capacity_reservation": st.none() | st.just("cr-1"),
    "capacity_block": st.none() | st.just("cr-2"),
    "placement_group": st.none() | st.just("near"),
    "subnets": st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True),
    "security_groups": st.lists(st.sampled_from("de"), min_size=1, unique=True),
}


@given(
    said(
        EKS,
        **AWS,
        placement=st.none() | st.just("cluster"),
        min_nodes=st.integers(0, 5),
        size=st.none() | st.integers(0, 5),
    )
)
def test_a_node_group_has_one_kind_of_capacity(some: dict[str, Any]) -> None:
    args = read(EksGpuNodePoolArgs, some)
    template = render_launch_template("h100", args, args.placement and "own")
    group = render_node_group("h100", args, "lt-1", "1")
    reserved = template.get("capacity_reservation_specification")
    assert (group["capacity_type"] == "CAPACITY_BLOCK") == ("instance_market_options" in template)
    assert group["capacity_type"] != "SPOT" or reserved is None
    sizes = group["scaling_config"]
    assert sizes["min_size"] <= sizes["desired_size"] <= sizes["max_size"]
    if "network_interfaces" in template or "placement" in template:
        assert len(group["subnet_ids"]) == 1
    assert ("network_interfaces" in template) + ("vpc_security_group_ids" in template) == 1


@given(
    said(
        KARPENTER,
        **AWS,
        zones=st.lists(st.sampled_from(["us-east-1a", "us-east-1b"]), unique=True),
    )
)
def test_karpenter_gets_one_kind_of_capacity(some: dict[str, Any]) -> None:
    args = read(KarpenterGpuNodePoolArgs, some)
    node, pool = render_node_class("h100", args)["spec"], render_karpenter_pool("h100", args)
    wanted = {one["key"]: one["values"] for one in pool["spec"]["template"]["spec"]["requirements"]}
    assert (wanted["karpenter.sh/capacity-type"] == ["reserved"]) == (
        "capacityReservationSelectorTerms" in node
    )
    if "networkInterfaces" in node:
        assert 1 in (len(node["subnetSelectorTerms"]), len(args.zones))


@given(
    said(
        GKE,
        machine=machine_of("gcp"),
        rdma=st.sampled_from([None, False]),
        network_profile=st.none() | st.just("auto"),
        network_claim=st.none() | st.just("cards"),
        spot=maybe,
        flex_start=maybe,
        queued_provisioning=maybe,
        capacity_reservation=st.none() | st.just("projects/p/reservations/r"),
        placement=st.none() | st.just("COMPACT"),
        upgrade=st.sampled_from([None, "SURGE", "BLUE_GREEN", "SHORT_LIVED"]),
        min_nodes=st.integers(0, 4),
        zones=st.lists(
            st.sampled_from(["us-central1-a", "us-central1-b"]), min_size=1, unique=True
        ),
    )
)
def test_a_node_pool_has_one_kind_of_capacity(some: dict[str, Any]) -> None:
    args = read(GkeGpuNodePoolArgs, some)
    pool = render_node_pool("a100", args)
    node = pool["node_config"]
    terms = node.get("reservation_affinity", {}).get("consume_reservation_type")
    assert (terms == "NO_RESERVATION") == (args.spot or args.flex_start or args.queued_provisioning)
    assert ("autoscaling" in pool) == ("node_count" not in pool)
    if "placement_policy" in pool:
        assert len(pool["node_locations"]) == 1
        assert pool["upgrade_settings"]["strategy"] != "BLUE_GREEN"
    each = pool["initial_node_count"] if "autoscaling" in pool else pool["node_count"]
    assert each * len(args.zones) == args.min_nodes
