"""What the mpi-operator and the kubelet make of a job, with small commands for the programs."""

from __future__ import annotations

import pytest

from tests.conftest import NewProgram
from tests.support.kube import Kube
from tests.support.pods import BUSYBOX
from tests.support.pulumi_cli import PulumiProgram

SOURCE = """
import pulumi
import trainstack as ts

config = pulumi.Config()
job = ts.MPIJob("run", {{
    "image": config.require("image"),
    "namespace": config.require("namespace"),
    "command": ["sh", "-c", {script!r}],
    "worker": {{"replicas": 2, "command": ["httpd", "-f", "-p", "2222"]}},
    "slots": 2,
    "launcher": {{"requests": {{"cpu": "50m", "memory": "32Mi"}}}},
    "resources": {{"cpu": "50m", "memory": "32Mi"}},
    "pod_overlay": {{"spec": {{"terminationGracePeriodSeconds": 1}}}},
    "wait": "finished",
    "timeout": 200,
    {fields}
}})
pulumi.export("job_name", job.job_name)
pulumi.export("result", job.result)
"""
LOOKS_AROUND = r"""
set -e
test -r /etc/trainstack/ssh/id_rsa
for host in $(cut -d' ' -f1 /etc/mpi/hostfile); do nc -w 5 $host 2222 </dev/null; done
slots=$(cut -d' ' -f2 /etc/mpi/hostfile | tr '\n' ' ')
hosts=$(cut -d. -f1 /etc/mpi/hostfile | tr '\n' ' ')
found='{"hosts": "%s", "slots": "%s", "np": "%s", "gpus": "%s"}'
printf "{\"status\": \"succeeded\", \"result\": $found}" \
  "$hosts" "$slots" "$TRAINSTACK_MPI_NP" "$NVIDIA_VISIBLE_DEVICES" > /dev/termination-log
"""
LAUNCHER = "training.kubeflow.org/job-role=launcher"
WORKER = "training.kubeflow.org/job-role=worker"

pytestmark = pytest.mark.usefixtures("mpi_operator")


@pytest.fixture
def run(program: NewProgram, namespace: str) -> NewProgram:
    """Makes a stack of one job whose launcher runs `script`."""

    def new(script: str, **fields: object) -> PulumiProgram:
        text = ", ".join(f'"{key}": {value!r}' for key, value in fields.items())
        return program(
            SOURCE.format(script=script, fields=text),
            config={"image": BUSYBOX, "namespace": namespace},
        )

    return new


def test_the_launcher_finds_its_workers_keys_and_slots(run: NewProgram) -> None:
    stack = run(LOOKS_AROUND)
    stack.up().check()
    outputs = stack.outputs()
    name = outputs["job_name"]
    assert outputs["result"] == {
        "gpus": "",
        "hosts": f"{name}-worker-0 {name}-worker-1 ",
        "np": "4",
        "slots": "slots=2 slots=2 ",
    }
    assert set(stack.preview(json=True).check().json["changeSummary"]) == {"same"}
    stack.destroy().check()


@pytest.mark.slow
def test_a_failing_launcher_is_made_again_up_to_the_limit(
    run: NewProgram, kube: Kube, namespace: str
) -> None:
    result = run("echo no luck; exit 3", run_policy={"backoff_limit": 1}).up()
    assert not result.ok
    assert "BackoffLimitExceeded" in result.output
    assert "exit code 3" in result.output
    assert "no luck" in result.output
    assert len(kube.pods(namespace, LAUNCHER)) == 2
    kube.wait(lambda: not kube.pods(namespace, WORKER), "end of the workers", 30)


@pytest.mark.slow
def test_a_deleted_worker_is_made_again_while_the_launcher_goes_on(
    run: NewProgram, kube: Kube, namespace: str
) -> None:
    stack = run("sleep 40")
    process = stack.start("up", "--yes", "--skip-preview")
    (launcher,) = kube.wait(lambda: kube.pods(namespace, LAUNCHER), "launcher", 60)
    lost = kube.pods(namespace, WORKER)[1]["metadata"]
    kube.delete_pod(namespace, lost["name"], grace=0)

    def made_again() -> bool:
        pods = {pod["metadata"]["name"]: pod for pod in kube.pods(namespace, WORKER)}
        found = pods.get(lost["name"])
        return found is not None and found["metadata"]["uid"] != lost["uid"]

    kube.wait(made_again, "new worker", 30)
    process.wait(200).check()
    (same,) = kube.pods(namespace, LAUNCHER)
    assert same["metadata"]["uid"] == launcher["metadata"]["uid"]
    stack.destroy().check()


@pytest.mark.slow
def test_a_deadline_ends_the_job(run: NewProgram, kube: Kube, namespace: str) -> None:
    result = run("sleep 600", run_policy={"active_deadline_seconds": 15}).up()
    assert not result.ok
    assert "DeadlineExceeded" in result.output
    running = [pod for pod in kube.pods(namespace) if pod["status"]["phase"] == "Running"]
    assert running == []
