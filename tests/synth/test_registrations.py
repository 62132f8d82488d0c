"""What a program registers: names, parents, options, providers, in preview as in `up`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support import corpus
from tests.support.jobs import LEAST
from trainstack.testing import Registration, Synthesis, synth

COMPONENT = "trainstack:index:ElasticJob"
JOB = "kubernetes:batch/v1:Job"
PYTORCHJOB = "kubernetes:kubeflow.org/v1:PyTorchJob"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
PROVIDER = "pulumi:providers:kubernetes"
WAIT = "pulumi-python:dynamic:Resource"


class Operator(pulumi.ComponentResource):
    """Stands for an operator component."""

    def __init__(self) -> None:
        super().__init__("test:index:Operator", "operator")
        options = pulumi.ResourceOptions(parent=self)
        self.controller = pulumi.CustomResource("test:index:Deployment", "controller", {}, options)
        self.register_outputs({})


def named(made: Synthesis) -> list[tuple[str, str, str]]:
    return [(r.type, r.name, r.parent) for r in made.registrations]


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:stack::project::{type_}::{name}"


def elastic(**said: Any) -> Callable[[], None]:
    def program() -> None:
        ts.ElasticJob("digits", {**LEAST, **said})

    return program


def test_a_job_is_a_component_with_one_object() -> None:
    assert named(synth(elastic())) == [(COMPONENT, "digits", ""), (JOB, "digits", "digits")]


def test_the_object_has_run_name_version_and_attempt() -> None:
    made = synth(elastic(run_name="other", version="v1", attempt=2))
    assert made.one(COMPONENT).name == "digits"
    assert made.one(JOB).inputs["metadata"]["name"] == "other-v1-a2"


def test_a_shipped_script_is_a_config_map(folder: Path) -> None:
    (folder / "jobs").mkdir()
    (folder / "jobs" / "train.py").write_text("print('é')\n")
    made = synth(elastic(program={"script": "jobs/train.py"}))
    assert named(made) == [
        (COMPONENT, "digits", ""),
        (CONFIG_MAP, "digits-program", "digits"),
        (JOB, "digits", "digits"),
    ]
    source, job = made.one(CONFIG_MAP), made.one(JOB)
    assert source.inputs["data"] == {"train.py": "print('é')\n"}
    assert source.inputs["immutable"] is True
    version = made.one(COMPONENT).inputs["version"]
    assert source.inputs["metadata"]["name"].startswith(f"digits-{version}-program-")
    volumes = job.inputs["spec"]["template"]["spec"]["volumes"]
    assert {
        "name": "trainstack-program",
        "configMap": {"name": source.inputs["metadata"]["name"]},
    } in volumes
    assert job.options["dependencies"] == [urn(f"{COMPONENT}${CONFIG_MAP}", "digits-program")]
    assert source.options["hideDiffs"] == ["data"]
    assert source.options["deleteBeforeReplace"] is True


def test_a_changed_script_is_a_new_run_and_a_new_config_map(folder: Path) -> None:
    found = []
    for content in ("a = 1\n", "a = 2\n"):
        (folder / "train.py").write_text(content)
        made = synth(elastic(program={"script": "train.py"}))
        found.append((made.one(JOB).inputs, made.one(CONFIG_MAP).inputs))
    (one, source), (other, other_source) = found
    assert one["metadata"]["name"] != other["metadata"]["name"]
    assert source["metadata"]["name"] != other_source["metadata"]["name"]


ONE_NODE = ["activeDeadlineSeconds", "backoffLimit", "podFailurePolicy", "template"]
SEVERAL_NODES = [
    *["elasticPolicy", "nprocPerNode", "pytorchReplicaSpecs.Master"],
    *(f"pytorchReplicaSpecs.Worker.{field}" for field in ("restartPolicy", "template")),
    *(f"runPolicy.{name}" for name in ("activeDeadlineSeconds", "backoffLimit", "cleanPodPolicy")),
]


@pytest.mark.parametrize(
    ("nnodes", "type_", "other", "replaced"),
    [(1, JOB, PYTORCHJOB, ONE_NODE), (2, PYTORCHJOB, JOB, SEVERAL_NODES)],
)
def test_options_of_the_object(nnodes: int, type_: str, other: str, replaced: list[str]) -> None:
    job = synth(elastic(nnodes=nnodes)).one(type_)
    paths = [f"spec.{path}" for path in replaced]
    assert job.options["deleteBeforeReplace"] is True
    queued = 'metadata.labels["kueue.x-k8s.io/queue-name"]'
    assert job.options["replaceOnChanges"] == [*paths, queued]
    assert job.options["hideDiffs"] == [*paths, 'metadata.labels["trainstack.dev/version"]']
    assert job.options["customTimeouts"] == {"delete": "150s"}
    (alias,) = job.options["aliases"]
    assert alias["spec"]["type"] == other


def test_runs_that_overlap_are_made_before_the_old_ones_are_deleted(folder: Path) -> None:
    (folder / "train.py").write_text("")
    said = {"program": {"script": "train.py"}, "on_change": "overlap", "wait": "running"}
    made = synth(elastic(**said, cluster={}))
    for type_ in (CONFIG_MAP, JOB):
        assert "deleteBeforeReplace" not in made.one(type_).options
        assert "replaceOnChanges" not in made.one(type_).options


def test_what_happens_to_the_old_run_says_nothing_about_the_new_one() -> None:
    plain = synth(elastic(wait="running", cluster={})).one(JOB)
    overlapping = synth(elastic(wait="running", cluster={}, on_change="overlap")).one(JOB)
    assert overlapping.inputs == plain.inputs


@pytest.mark.parametrize("said", [{}, {"version": "v1"}], ids=["hashed", "explicit"])
def test_two_jobs_of_a_stack_are_two_objects(said: dict[str, Any]) -> None:
    def program(**other: Any) -> Callable[[], None]:
        def jobs() -> None:
            ts.ElasticJob("a", {**LEAST, **said, "run_name": "digits"})
            ts.ElasticJob("b", {**LEAST, **said, "run_name": "digits", **other})

        return jobs

    with pytest.raises(ts.TrainstackError) as caught:
        synth(program())
    assert re.fullmatch(
        r"ElasticJob 'b': run_name: 'digits-\w+' in namespace 'default' is ElasticJob 'a' already; "
        "give one of them another run_name or version",
        str(caught.value),
    )
    for other in ({"run_name": "other"}, {"namespace": "team"}, {"attempt": 2}):
        assert len(synth(program(**other)).of_type(JOB)) == 2
    elsewhere = synth(program(cluster={"context": "other"}))
    assert len(elsewhere.of_type(JOB)) == 2


def test_a_pytorch_job_is_always_the_same_kind_of_object() -> None:
    job = synth(lambda: ts.PyTorchJob("mnist", LEAST)).one(PYTORCHJOB)
    assert "aliases" not in job.options
    assert job.parent == "mnist"


@pytest.mark.parametrize("nnodes", [1, 2])
def test_deleting_takes_as_long_as_the_grace_period(nnodes: int) -> None:
    overlay = {"spec": {"terminationGracePeriodSeconds": 600}}
    made = synth(elastic(nnodes=nnodes, pod_overlay=overlay))
    job = made.one(JOB if nnodes == 1 else PYTORCHJOB)
    assert job.options["customTimeouts"] == {"delete": "720s"}


def test_the_object_needs_the_operator() -> None:
    made = synth(lambda: ts.ElasticJob("digits", {**LEAST, "nnodes": 2, "operator": Operator()}))
    controller = urn("test:index:Operator$test:index:Deployment", "controller")
    assert made.one(PYTORCHJOB).options["dependencies"] == [controller]
    assert "operator" not in made.one(COMPONENT).inputs


def test_options_of_the_component_are_the_users() -> None:
    def program() -> None:
        first = ts.ElasticJob("first", LEAST)
        opts = pulumi.ResourceOptions(depends_on=[first], protect=True)
        ts.ElasticJob("second", LEAST, opts)

    _, second = synth(program).of_type(COMPONENT)
    assert second.options["protect"] is True
    assert urn(f"{COMPONENT}${JOB}", "first") in second.options["dependencies"]


def made_with(opts: Callable[[pulumi.ProviderResource], pulumi.ResourceOptions]) -> Synthesis:
    def program() -> None:
        provider = pulumi.ProviderResource("kubernetes", "k8s", {})
        Path("train.py").write_text("")
        ts.ElasticJob("digits", {**LEAST, "program": {"script": "train.py"}}, opts(provider))

    return synth(program)


@pytest.mark.parametrize(
    "opts",
    [
        lambda provider: pulumi.ResourceOptions(provider=provider),
        lambda provider: pulumi.ResourceOptions(providers=[provider]),
        lambda provider: pulumi.ResourceOptions(providers={"kubernetes": provider}),
    ],
    ids=["provider", "providers", "by name"],
)
def test_a_provider_reaches_every_child(
    opts: Callable[[pulumi.ProviderResource], pulumi.ResourceOptions],
) -> None:
    made = made_with(opts)
    for type_ in (CONFIG_MAP, JOB):
        provider = made.one(type_).options["provider"]
        assert provider.endswith(f"{PROVIDER}::k8s::k8s-id")


def test_a_provider_of_another_package_reaches_no_child() -> None:
    def program() -> None:
        provider = pulumi.ProviderResource("aws", "aws", {})
        ts.ElasticJob("digits", LEAST, pulumi.ResourceOptions(providers=[provider]))

    assert "provider" not in synth(program).one(JOB).options


def test_a_cluster_is_one_provider_however_many_jobs_there_are() -> None:
    def program() -> None:
        cluster = ts.Cluster(kubeconfig="~/kube.yaml", context="training")
        for name in ("one", "two", "three"):
            said = {**LEAST, "cluster": cluster if name == "one" else cluster.model_dump()}
            ts.ElasticJob(name, {**said, "program": {"module": name}})

    made = synth(program)
    provider = made.one(PROVIDER)
    assert provider.inputs == {
        "kubeconfig": str(Path("~/kube.yaml").expanduser()),
        "context": "training",
    }
    used = {job.options["provider"] for job in made.of_type(JOB)}
    assert len(used) == 1
    assert used.pop().startswith("urn:pulumi:stack::project::")


def test_a_program_that_runs_again_makes_its_provider_again() -> None:
    for _ in range(2):
        made = synth(elastic(cluster={"context": "training"}))
        assert made.one(PROVIDER).inputs == {"context": "training"}


def test_waiting_is_one_child_after_the_object() -> None:
    made = synth(elastic(wait="finished", timeout=60, cluster={"kubeconfig": "/kube.yaml"}))
    waiter = made.one(WAIT)
    assert (waiter.name, waiter.parent) == ("digits-wait", "digits")
    assert waiter.options["dependencies"] == [urn(f"{COMPONENT}${JOB}", "digits")]
    version = made.one(COMPONENT).inputs["version"]
    inputs = {key: value for key, value in waiter.inputs.items() if key != "__provider"}
    assert inputs == {
        "kind": "Job",
        "group": "batch",
        "version": "v1",
        "name": f"digits-{version}",
        "namespace": "default",
        "wait": "finished",
        "timeout": 60,
        "kubeconfig": "/kube.yaml",
    }


def test_waiting_says_nothing_about_the_run() -> None:
    plain = synth(elastic()).one(JOB)
    waited = synth(elastic(wait="running", cluster={})).one(JOB)
    assert waited.inputs == plain.inputs


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("ElasticJob", {}),
        ("ElasticJob", {"nnodes": 2}),
        ("PyTorchJob", {"worker": {"replicas": 1}}),
    ],
)
def test_outputs_of_a_job(kind: str, said: dict[str, Any]) -> None:
    def program() -> None:
        job = getattr(ts, kind)("digits", {**LEAST, **said, "namespace": "team", "version": "v1"})
        for name in ("job_name", "namespace", "version", "commands", "status", "result", "decks"):
            pulumi.export(name, getattr(job, name))

    plain = kind == "ElasticJob" and not said
    object_kind = "job" if plain else "pytorchjob"
    label = "batch.kubernetes.io/job-name" if plain else "training.kubeflow.org/job-name"
    assert {key: value for key, value in synth(program).outputs.items() if value is not None} == {
        "job_name": "digits-v1",
        "namespace": "team",
        "version": "v1",
        "commands": {
            "events": f"kubectl --namespace team events --for {object_kind}/digits-v1",
            "logs": "kubectl --namespace team logs --prefix --tail=-1 "
            f"--selector {label}=digits-v1",
            "stop": f"kubectl --namespace team delete {object_kind} digits-v1",
        },
    }


def test_what_a_reviewer_reads() -> None:
    made = synth(
        elastic(
            nnodes="1:4",
            nproc_per_node=8,
            resources={"gpu": 8, "mem": "64Gi"},
            hyperparameters={"lr": 0.1, "epochs": 3},
            secrets={"TOKEN": {"name": "keys", "key": "token"}},
        )
    )
    summary = dict(made.one(COMPONENT).inputs)
    version = summary.pop("version")
    assert made.one(PYTORCHJOB).inputs["metadata"]["name"] == f"digits-{version}"
    assert summary == {
        "gpus": 32,
        "hyperparameters": {"epochs": "3", "lr": "0.1"},
        "image": "registry.example/mnist:1",
        "namespace": "default",
        "nnodes": "1:4",
        "nproc_per_node": 8,
        "program": "pkg.train",
        "resources": {"gpu": 8, "memory": "64Gi"},
        "run_name": "digits",
        "secrets": {"TOKEN": "keys/token"},
    }


def shape(registration: Registration) -> Any:
    return registration.type, registration.name, registration.parent, registration.options


@pytest.mark.parametrize("name", corpus.names())
def test_preview_registers_what_up_registers(name: str) -> None:
    entry = corpus.load(name)
    assert corpus.made(entry, preview=True) == corpus.made(entry, preview=False)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"nnodes": "1:2", "wait": "finished", "cluster": {"context": "a"}},
        {"program": {"script": "train.py"}, "wait": "running", "timeout": 5},
    ],
)
def test_preview_has_the_same_options(folder: Path, said: dict[str, Any]) -> None:
    (folder / "train.py").write_text("")
    preview, up = synth(elastic(**said), preview=True), synth(elastic(**said))
    assert [shape(r) for r in preview.registrations] == [shape(r) for r in up.registrations]
