"""What a HorovodJob becomes, beside what it shares with an MPIJob."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trainstack as ts
from tests.support.jobs import LEAST, changed, env, horovod, mpi
from trainstack.mpi.component import HOROVOD
from trainstack.spec.model import parse

PREFIX = "TRAINSTACK_HOROVOD_"
PLAIN = {"GLOO_TIMEOUT": "30", "LOG_LEVEL": "INFO", "NP": "8", "SLOTS": "4"}
ELASTIC = {
    **PLAIN,
    "BLACKLIST_COOLDOWN": "1 60",
    "DISCOVERY_SCRIPT": "/etc/mpi/discover_hosts.sh",
    "ELASTIC_TIMEOUT": "1200",
    "MAX_NP": "8",
    "MIN_NP": "2",
    "RESET_LIMIT": "100",
}
TWO_BY_FOUR: dict[str, Any] = {"worker": {"replicas": 2}, "slots": 4}


def test_the_size_is_a_number_of_workers_and_nothing_else() -> None:
    said: dict[str, Any] = {"worker": {"replicas": 4}, "min_np": 2}
    assert horovod(**said, size=2) == changed(
        horovod(**said), {"spec/mpiReplicaSpecs/Worker/replicas": 2}
    )


def told(manifest: dict[str, Any]) -> dict[str, str]:
    """What the launcher is told of horovodrun's options."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in env(manifest, "Launcher").items()
        if name.startswith(PREFIX)
    }


def command(manifest: dict[str, Any], role: str) -> list[str]:
    found = manifest["spec"]["mpiReplicaSpecs"][role]["template"]["spec"]["containers"][0]
    assert isinstance(found["command"], list)
    return found["command"]


def test_it_is_an_mpijob_of_another_launcher() -> None:
    manifest, other = horovod(**TWO_BY_FOUR), mpi(**TWO_BY_FOUR)
    assert manifest["apiVersion"] == "kubeflow.org/v2beta1"
    assert command(manifest, "Launcher") == [
        *("trainstack-run", "horovod", "--module", "pkg.train", "--"),
    ]
    assert command(manifest, "Worker") == ["trainstack-run", "mpi-worker"]
    for part in ("runPolicy", "slotsPerWorker", "mpiImplementation", "launcherCreationPolicy"):
        assert manifest["spec"][part] == other["spec"][part]


def test_a_plain_run() -> None:
    assert told(horovod(**TWO_BY_FOUR)) == PLAIN


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ({"min_np": 2}, {}),
        ({"min_np": 2, "max_np": 8}, {}),
        ({"min_np": 2, "max_np": 6}, {"NP": "6", "MAX_NP": "6"}),
        ({"max_np": 6}, {"NP": "6", "MIN_NP": "6", "MAX_NP": "6"}),
        ({"min_np": 8}, {"MIN_NP": "8"}),
        ({"min_np": 2, "elastic_timeout": 60}, {"ELASTIC_TIMEOUT": "60"}),
        ({"min_np": 2, "blacklist_cooldown": [5, 10]}, {"BLACKLIST_COOLDOWN": "5 10"}),
        ({"min_np": 2, "discovery_script_path": "/d.sh"}, {"DISCOVERY_SCRIPT": "/d.sh"}),
        ({"min_np": 2, "reset_limit": 7}, {"RESET_LIMIT": "7"}),
    ],
)
def test_an_elastic_run(said: dict[str, Any], options: dict[str, str]) -> None:
    manifest = horovod(**TWO_BY_FOUR, **said)
    assert told(manifest) == {**ELASTIC, **options}
    assert manifest["spec"]["runPolicy"]["backoffLimit"] == 3


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ({"verbose": True}, {"VERBOSE": "1"}),
        ({"log_level": "DEBUG"}, {"LOG_LEVEL": "DEBUG"}),
        ({"gloo_timeout": 10}, {"GLOO_TIMEOUT": "10"}),
        ({"network_interface": "eth0"}, {"NETWORK_INTERFACE": "eth0"}),
    ],
)
@pytest.mark.parametrize(("mode", "before"), [({}, PLAIN), ({"min_np": 2}, ELASTIC)])
def test_options_of_both(
    said: dict[str, Any], options: dict[str, str], mode: dict[str, Any], before: dict[str, str]
) -> None:
    assert told(horovod(**TWO_BY_FOUR, **mode, **said)) == {**before, **options}


def test_the_limit_of_failures_is_the_users() -> None:
    manifest = horovod(min_np=1, run_policy={"backoff_limit": 0})
    assert manifest["spec"]["runPolicy"]["backoffLimit"] == 0


def test_the_example_of_flyte() -> None:
    manifest = horovod(
        worker={"replicas": 2, "requests": {"cpu": "1", "memory": "2Gi"}},
        launcher={"requests": {"cpu": "0.5", "memory": "1Gi"}},
        slots=4,
        verbose=True,
    )
    assert told(manifest) == {**PLAIN, "VERBOSE": "1"}
    amounts = {
        role: spec["template"]["spec"]["containers"][0]["resources"]
        for role, spec in manifest["spec"]["mpiReplicaSpecs"].items()
    }
    assert amounts == {
        "Launcher": {"requests": {"cpu": "0.5", "memory": "1Gi"}},
        "Worker": {"requests": {"cpu": "1", "memory": "2Gi"}},
    }


SMALL = st.none() | st.integers(min_value=1, max_value=20)


@given(
    workers=st.integers(min_value=1, max_value=6),
    slots=st.integers(min_value=1, max_value=4),
    min_np=SMALL,
    max_np=SMALL,
)
def test_ranks_are_in_order_or_refused(
    workers: int, slots: int, min_np: int | None, max_np: int | None
) -> None:
    said = {"worker": {"replicas": workers}, "slots": slots, "min_np": min_np, "max_np": max_np}
    most = max_np or workers * slots
    if not (min_np or most) <= most <= workers * slots:
        with pytest.raises(ts.TrainstackError, match=r"HorovodJob 'mnist': (min|max)_np: got \d+"):
            horovod(**said)
        return
    options = told(horovod(**said))
    least = int(options.get("MIN_NP", most))
    assert 1 <= least <= int(options["NP"]) == int(options.get("MAX_NP", most)) <= workers * slots


@pytest.mark.parametrize(("said", "ranks"), [({}, 8), ({"min_np": 2}, "2:8")])
def test_what_a_reviewer_reads(said: dict[str, Any], ranks: Any) -> None:
    args = parse(ts.HorovodJobArgs, {**LEAST, **TWO_BY_FOUR, **said}, "")
    assert HOROVOD.summary(args) == {"gpus": 0, "nodes": 2, "ranks": ranks}
