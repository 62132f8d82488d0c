"""What pods of whole nodes get to use the node's network cards."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.jobs import changed, container, elastic, env, horovod, mpi, pod, pytorch
from tests.support.jobs import tensorflow as tf
from trainstack import Fabric, FabricDaemon, PoolProfile, TrainstackError
from trainstack.spec.overlay import laid_over

DAEMON = FabricDaemon(
    name="cards",
    image="registry.example/cards:1",
    command=["/cards", "--all"],
    env={"LOG": "1"},
    capabilities=["NET_ADMIN"],
    folders={"/lib": "/opt/lib", "/hostsys": "/sys"},
    ready_file="/run/ready",
)
FABRIC = Fabric(
    env={"NCCL_CROSS_NIC": 0},
    env_script="/lib/nccl.sh",
    capabilities=["IPC_LOCK"],
    folders={"/lib": "/opt/lib"},
    claim_template="cards",
    daemon=DAEMON,
)
POOL = PoolProfile(name="h100", gpus=8, fabric=FABRIC)
LIB, SYS = "node-opt-lib-fb4697", "node-sys-0bb7b4"
SIDECAR = {
    "name": "cards",
    "image": "registry.example/cards:1",
    "command": ["/cards", "--all"],
    "restartPolicy": "Always",
    "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}},
    "volumeMounts": [
        {"mountPath": "/hostsys", "name": SYS},
        {"mountPath": "/lib", "name": LIB},
    ],
    "env": [{"name": "LOG", "value": "1"}],
    "startupProbe": {
        "exec": {"command": ["cat", "/run/ready"]},
        "failureThreshold": 24,
        "periodSeconds": 5,
    },
}


def plain() -> PoolProfile:
    """The pool without its cards."""
    return PoolProfile(name="h100", gpus=8)


def with_cards(spec: dict[str, Any]) -> dict[str, Any]:
    """A pod spec of a whole node, as it is with the pool's cards."""
    (first,) = spec["containers"]
    more: dict[str, Any] = {
        "containers": [
            {
                "name": first["name"],
                "env": [{"name": "NCCL_CROSS_NIC", "value": "0"}],
                "resources": {"claims": [{"name": "network-cards"}]},
                "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
                "volumeMounts": [{"mountPath": "/lib", "name": LIB}],
            }
        ],
        "initContainers": [SIDECAR],
        "resourceClaims": [{"name": "network-cards", "resourceClaimTemplateName": "cards"}],
        "volumes": [
            {"name": LIB, "hostPath": {"path": "/opt/lib"}},
            {"name": SYS, "hostPath": {"path": "/sys"}},
        ],
    }
    found: dict[str, Any] = laid_over(spec, more)
    own = found["containers"][0]
    own["env"].sort(key=lambda item: item["name"])
    own["command"] = FABRIC.launched(first["command"], [])
    return found


@pytest.mark.parametrize(
    ("made", "roles"),
    [
        (elastic, {None: True}),
        (lambda **said: elastic(nnodes=2, **said), {"Master": False, "Worker": True}),
        (pytorch, {"Master": True}),
        (lambda **said: mpi(worker={"replicas": 2}, **said), {"Launcher": False, "Worker": True}),
        (lambda **said: horovod(min_np=1, **said), {"Launcher": False, "Worker": True}),
        (lambda **said: tf(ps={"replicas": 1}, **said), {"Chief": False, "PS": False}),
    ],
)
def test_pods_of_whole_nodes_get_it(made: Any, roles: dict[str | None, bool]) -> None:
    without, found = made(pool=plain()), made(pool=POOL)
    for role, whole in roles.items():
        before = pod(without, role)
        assert pod(found, role) == (with_cards(before) if whole else before)


def test_what_a_secret_says_comes_before_the_nodes_settings() -> None:
    found = pod(elastic(pool=POOL, secrets={"NCCL_KEY": {"name": "keys", "key": "nccl"}}), None)
    (own,) = found["containers"]
    assert "NCCL_KEY=$(NCCL_KEY)" in own["command"]


@pytest.mark.parametrize("said", [{"resources": {"gpu": 4}}, {"resources": {"gpu": 0}}])
def test_other_pods_do_not(said: dict[str, Any]) -> None:
    assert elastic(pool=POOL, **said) == elastic(pool=plain(), **said)


def test_a_fabric_that_says_little_changes_little() -> None:
    pool = PoolProfile(name="h100", gpus=8, fabric={"env": {"NCCL_CROSS_NIC": 0}})
    before = elastic(pool=plain())
    cross = {"name": "NCCL_CROSS_NIC", "value": "0"}
    at = "spec/template/spec/containers/0/env"
    listed = [cross, *container(before)["env"]]
    assert elastic(pool=pool) == changed(before, {at: listed})


def test_what_the_job_says_comes_before_its_pool() -> None:
    manifest = elastic(pool=POOL, env={"NCCL_CROSS_NIC": 1, "A": "b"})
    assert env(manifest)["NCCL_CROSS_NIC"] == "1"
    assert container(manifest)["command"][4:6] == ["A=$(A)", "NCCL_CROSS_NIC=$(NCCL_CROSS_NIC)"]


def run(command: list[str], **said: str) -> subprocess.CompletedProcess[str]:
    """As a kubelet starts it, which puts values for `$(NAME)`."""
    for name, value in said.items():
        command = [part.replace(f"$({name})", value) for part in command]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, **said}
    )


def test_the_script_of_the_node_is_sourced(tmp_path: Path) -> None:
    """Its settings reach the program, except those that the job itself has."""
    script = tmp_path / "nccl.sh"
    script.write_text('[[ -n "$HOME" ]]\nexport NCCL_A=node NCCL_B=node\n')
    launched = Fabric(env_script=str(script)).launched(["sh", "-c"], ["NCCL_B"])
    done = run([*launched, 'echo $NCCL_A $NCCL_B "$@"', "sh", "a b"], NCCL_B="job's own")
    assert (done.returncode, done.stdout) == (0, "node job's own a b\n")


def test_without_the_script_nothing_starts(tmp_path: Path) -> None:
    script = tmp_path / "nccl.sh"
    done = run(Fabric(env_script=str(script)).launched(["echo", "trains"], []))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{script}: not there; is its installer on the cluster?\n"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"fabric": "TCPX"}, "fabric: got 'TCPX': must be a dict or Fabric"),
        ({"fabric": {"folder": {}}}, "fabric.folder: unknown field; did you mean 'folders'? "),
        ({"fabric": {"env": {"RANK": "0"}}}, "fabric.env.RANK: got 'RANK': set by the operator or"),
        ({"fabric": {"folders": {"lib": "/a"}}}, "fabric.folders.lib: got 'lib': must be an absol"),
        ({"fabric": {"capabilities": ["CAP-X"]}}, "capabilities[0]: got 'CAP-X': must be a Linux"),
        ({"fabric": {"claim_template": "A"}}, "fabric.claim_template: got 'A': must be lower-case"),
        ({"fabric": {"daemon": {"name": "a"}}}, "fabric.daemon.image: required, but not given"),
        (
            {"fabric": {"daemon": {"name": "a", "image": "a:1", "command": []}}},
            "fabric.daemon.command: ",
        ),
        (
            {"fabric": {"daemon": {"name": "pytorch", "image": "a:1", "command": ["a"]}}},
            "fabric.daemon.name: got 'pytorch': is the training container's; give it another",
        ),
        ({"gpus": 0, "fabric": {"env": {"A": "1"}}}, "fabric: has no effect, as gpus is 0"),
    ],
)
def test_a_wrong_fabric(said: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainstackError) as caught:
        PoolProfile(**{"name": "a", "gpus": 8, **said})
    assert message in str(caught.value)


def test_a_mount_in_its_folders_is_refused() -> None:
    with pytest.raises(TrainstackError, match="mounts: '/lib/mine': '/lib' holds libraries of the"):
        elastic(pool=POOL, mounts=[{"path": "/lib/mine", "empty_dir": True}])


def test_it_is_the_same_after_it_was_exported() -> None:
    assert PoolProfile(**POOL.to_dict()) == POOL
