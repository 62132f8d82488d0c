"""What an MPIJob becomes, as whole manifests."""

from __future__ import annotations

from typing import Any

import pytest

import trainstack as ts
from tests.support.jobs import LABELS, LEAST, changed, container, env, mpi, pod
from trainstack.mpi.component import MPI
from trainstack.spec.model import parse
from trainstack.spec.version import version_of

JOB_LABELS = {**LABELS, "trainstack.dev/kind": "MPIJob"}
COMMON_ENV = {
    "TRAINSTACK_GRACE_SECONDS": "30",
    "TRAINSTACK_JOB": "mnist-0a1b2c3d",
    "TRAINSTACK_RUN": "mnist",
    "TRAINSTACK_SSH_KEYS": "/etc/trainstack/ssh",
    "TRAINSTACK_SSH_PORT": "2222",
    "TRAINSTACK_VERSION": "0a1b2c3d",
}
LAUNCHER_ENV = {
    "TRAINSTACK_MPI_HOSTFILE": "/etc/mpi/hostfile",
    "TRAINSTACK_MPI_IMPLEMENTATION": "OpenMPI",
    "TRAINSTACK_MPI_NP": "4",
    "TRAINSTACK_MPI_SLOTS": "2",
}


def template(container: dict[str, Any]) -> dict[str, Any]:
    """A pod template around what tells the roles apart."""
    return {
        "metadata": {"labels": JOB_LABELS},
        "spec": {
            "containers": [
                {
                    "name": "mpi",
                    "image": "registry.example/mnist:1",
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "volumeMounts": [{"name": "trainstack-shm", "mountPath": "/dev/shm"}],
                    **container,
                }
            ],
            "terminationGracePeriodSeconds": 30,
            "volumes": [{"name": "trainstack-shm", "emptyDir": {"medium": "Memory"}}],
        },
    }


def listed(variables: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(variables.items())]


WHOLE = {
    "apiVersion": "kubeflow.org/v2beta1",
    "kind": "MPIJob",
    "metadata": {"labels": JOB_LABELS, "name": "mnist-0a1b2c3d", "namespace": "default"},
    "spec": {
        "launcherCreationPolicy": "WaitForWorkersReady",
        "mpiImplementation": "OpenMPI",
        "mpiReplicaSpecs": {
            "Launcher": {
                "replicas": 1,
                "restartPolicy": "Never",
                "template": template(
                    {
                        "command": ["trainstack-run", "mpi", "--module", "pkg.train", "--"],
                        "env": listed(COMMON_ENV | LAUNCHER_ENV),
                        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}},
                    }
                ),
            },
            "Worker": {
                "replicas": 2,
                "restartPolicy": "OnFailure",
                "template": template(
                    {
                        "command": ["trainstack-run", "mpi-worker"],
                        "env": listed(COMMON_ENV),
                        "readinessProbe": {"periodSeconds": 2, "tcpSocket": {"port": 2222}},
                    }
                ),
            },
        },
        "runLauncherAsWorker": False,
        "runPolicy": {"backoffLimit": 0, "cleanPodPolicy": "Running", "suspend": False},
        "slotsPerWorker": 2,
        "sshAuthMountPath": "/etc/trainstack/ssh",
    },
}
ROLES = "spec/mpiReplicaSpecs"
POD = {role: f"{ROLES}/{role}/template/spec" for role in ("Launcher", "Worker")}
TWO_BY_TWO: dict[str, Any] = {"worker": {"replicas": 2}, "slots": 2}


def np(manifest: dict[str, Any]) -> str:
    """What mpirun is told to start."""
    return str(env(manifest, "Launcher")["TRAINSTACK_MPI_NP"])


def test_two_workers_of_two_slots() -> None:
    assert mpi(**TWO_BY_TWO) == WHOLE


@pytest.mark.parametrize(
    "said",
    [
        {"num_workers": 2},
        {"num_workers": 2, "worker": {"replicas": 2}},
        {"num_workers": 2, "num_launcher_replicas": 1, "launcher": {"replicas": 1}},
        {"worker": ts.Worker(replicas=2), "launcher": ts.Launcher()},
        {"worker": {"replicas": 2, "restart_policy": "OnFailure"}},
        {"worker": {"replicas": 2}, "mpi_implementation": "OpenMPI", "ssh_port": 2222},
    ],
)
def test_other_words_for_the_same(said: dict[str, Any]) -> None:
    assert mpi(slots=2, **said) == WHOLE


@pytest.mark.parametrize(("said", "workers"), [({}, 1), ({"worker": {}}, 1), ({"slots": 3}, 1)])
def test_one_worker_unless_said(said: dict[str, Any], workers: int) -> None:
    manifest = mpi(**said)
    assert manifest["spec"]["mpiReplicaSpecs"]["Worker"]["replicas"] == workers
    assert manifest["spec"]["mpiReplicaSpecs"]["Worker"]["restartPolicy"] == "OnFailure"


@pytest.mark.parametrize(("workers", "slots"), [(1, 1), (1, 8), (3, 2), (16, 8)])
def test_slots_and_the_number_of_ranks_agree(workers: int, slots: int) -> None:
    manifest = mpi(worker={"replicas": workers}, slots=slots)
    assert manifest["spec"]["slotsPerWorker"] == slots
    assert env(manifest, "Launcher")["TRAINSTACK_MPI_SLOTS"] == str(slots)
    assert np(manifest) == str(workers * slots)


@pytest.mark.parametrize("role", ["Launcher", "Worker"])
@pytest.mark.parametrize(
    ("field", "value", "at", "expected"),
    [
        ("image", "registry.example/other:2", "image", "registry.example/other:2"),
        (
            "requests",
            {"cpu": "0.5", "memory": "4Gi"},
            "resources",
            {"requests": {"cpu": "0.5", "memory": "4Gi"}},
        ),
        (
            "limits",
            {"cpu": "2", "mem": "4Gi"},
            "resources",
            {
                "limits": {"cpu": "2", "memory": "4Gi"},
                "requests": {"cpu": "2", "memory": "4Gi"},
            },
        ),
    ],
)
def test_a_role_has_its_own(role: str, field: str, value: Any, at: str, expected: Any) -> None:
    said = {**TWO_BY_TWO, "launcher": {}}
    said[role.lower()] = {**said[role.lower()], field: value}
    assert mpi(**said) == changed(WHOLE, {f"{POD[role]}/containers/0/{at}": expected})


@pytest.mark.parametrize("role", ["Launcher", "Worker"])
@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_restart_policies(role: str, policy: str) -> None:
    said = {**TWO_BY_TWO, "launcher": {}}
    said[role.lower()] = {**said[role.lower()], "restart_policy": policy}
    assert mpi(**said) == changed(WHOLE, {f"{ROLES}/{role}/restartPolicy": policy})


def test_a_workers_policy_is_part_of_the_version() -> None:
    def version(**worker: str) -> Any:
        args = parse(ts.MPIJobArgs, {**LEAST, "worker": {"replicas": 2, **worker}}, "")
        return version_of("MPIJob", args, None, "shop", "dev")

    assert version() == version(restart_policy="OnFailure") != version(restart_policy="Never")


def test_the_jobs_resources_are_the_workers() -> None:
    manifest = mpi(**TWO_BY_TWO, resources={"cpu": 8, "gpu": 2})
    amounts = {"cpu": "8", "nvidia.com/gpu": "2"}
    assert manifest == changed(
        WHOLE, {f"{POD['Worker']}/containers/0/resources": {"limits": amounts, "requests": amounts}}
    )


def test_a_workers_command_takes_the_place_of_the_ssh_server() -> None:
    sshd = ["/usr/sbin/sshd", "-De", "-f", "/home/mpiuser/.sshd_config"]
    manifest = mpi(slots=2, worker={"replicas": 2, "command": sshd[:2], "args": sshd[2:]})
    assert manifest == changed(WHOLE, {f"{POD['Worker']}/containers/0/command": sshd})


@pytest.mark.parametrize(
    "said",
    [
        {"command": ["mpirun", "-np", "$(TRAINSTACK_MPI_NP)"], "args": ["hello"]},
        {
            "launcher": {
                "command": ["mpirun", "-np", "$(TRAINSTACK_MPI_NP)"],
                "args": ["hello"],
            }
        },
    ],
)
def test_a_command_of_ones_own_runs_in_the_launcher_only(said: dict[str, Any]) -> None:
    launcher = f"{POD['Launcher']}/containers/0"
    assert mpi(program=None, **TWO_BY_TWO, **said) == changed(
        WHOLE,
        {
            f"{launcher}/command": ["mpirun", "-np", "$(TRAINSTACK_MPI_NP)"],
            f"{launcher}/args": ["hello"],
        },
    )


def test_hyperparameters_and_args_go_to_the_program() -> None:
    manifest = mpi(**TWO_BY_TWO, hyperparameters={"lr": 0.1}, args=["data"])
    assert manifest == changed(
        WHOLE, {f"{POD['Launcher']}/containers/0/args": ["--lr=0.1", "data"]}
    )


@pytest.mark.parametrize("implementation", ["OpenMPI", "Intel", "MPICH"])
def test_implementations(implementation: str) -> None:
    manifest = mpi(mpi_implementation=implementation)
    assert manifest["spec"]["mpiImplementation"] == implementation
    assert env(manifest, "Launcher")["TRAINSTACK_MPI_IMPLEMENTATION"] == implementation


def test_an_image_that_runs_as_root_with_an_ssh_server_of_its_own() -> None:
    manifest = mpi(
        worker={"command": ["/usr/sbin/sshd", "-De"]},
        ssh_auth_mount_path="/root/.ssh",
        ssh_port=22,
    )
    assert manifest["spec"]["sshAuthMountPath"] == "/root/.ssh"
    assert container(manifest, "Worker")["readinessProbe"]["tcpSocket"] == {"port": 22}
    for role in ("Launcher", "Worker"):
        assert env(manifest, role)["TRAINSTACK_SSH_KEYS"] == "/root/.ssh"
        assert env(manifest, role)["TRAINSTACK_SSH_PORT"] == "22"


def test_run_policy() -> None:
    manifest = mpi(
        **TWO_BY_TWO,
        run_policy={
            "clean_pod_policy": "All",
            "active_deadline_seconds": 3600,
            "backoff_limit": 3,
        },
    )
    assert manifest == changed(
        WHOLE,
        {
            "spec/runPolicy": {
                "activeDeadlineSeconds": 3600,
                "backoffLimit": 3,
                "cleanPodPolicy": "All",
                "suspend": False,
            },
            # The operator gives the deadline to the launcher alone, once it is there.
            f"{POD['Launcher']}/activeDeadlineSeconds": 3600,
            f"{POD['Worker']}/activeDeadlineSeconds": 3600,
        },
    )


def test_both_roles_see_what_the_program_needs() -> None:
    manifest = mpi(
        env={"A": "1", "B": "1"},
        secrets={"K": {"name": "keys", "key": "k"}},
        mounts=[{"path": "/data", "pvc": "data"}],
        launcher={"env": {"B": "launcher"}},
        worker={"env": {"B": "worker"}},
    )
    for role in ("Launcher", "Worker"):
        variables = env(manifest, role)
        assert (variables["A"], variables["B"]) == ("1", role.lower())
        assert variables["K"] == {"secretKeyRef": {"name": "keys", "key": "k"}}
        assert "/data" in [
            mount["mountPath"] for mount in container(manifest, role)["volumeMounts"]
        ]


def test_overlays_reach_their_roles() -> None:
    probe = {"containers": [{"name": "mpi", "readinessProbe": {"initialDelaySeconds": 9}}]}
    manifest = mpi(
        pod_overlay={"spec": {"nodeSelector": {"zone": "a"}}},
        launcher={"pod_overlay": {"spec": {"hostNetwork": True}}},
        worker={"pod_overlay": {"spec": probe}},
    )
    assert pod(manifest, "Launcher")["hostNetwork"] is True
    assert container(manifest, "Worker")["readinessProbe"] == {
        "initialDelaySeconds": 9,
        "periodSeconds": 2,
        "tcpSocket": {"port": 2222},
    }
    for role in ("Launcher", "Worker"):
        assert pod(manifest, role)["nodeSelector"] == {"zone": "a"}


@pytest.mark.parametrize(
    ("workers", "suffix"),
    [(1, "-launcher"), (10, "-launcher"), (11, "-worker-10"), (2000, "-worker-1999")],
)
def test_the_longest_name_the_operator_makes(workers: int, suffix: str) -> None:
    args = parse(ts.MPIJobArgs, {**LEAST, "worker": {"replicas": workers}}, "")
    assert MPI.longest_suffix(args) == suffix


def test_what_a_reviewer_reads() -> None:
    said = {**LEAST, **TWO_BY_TWO, "resources": {"gpu": 4}}
    assert MPI.summary(parse(ts.MPIJobArgs, said, "")) == {"gpus": 8, "nodes": 2, "ranks": 4}
