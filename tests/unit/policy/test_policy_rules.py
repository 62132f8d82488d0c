"""Every rule: what fails it, what passes it, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

import trainstack as ts
from tests.support.jobs import LEAST, changed, elastic, horovod, mpi, pytorch
from trainstack.policy import RULES, Finding, rule
from trainstack.testing import UNKNOWN, synth

DIGEST = f"registry.example/team/mnist@sha256:{'0' * 64}"
MASTER = "spec.pytorchReplicaSpecs.Master.template.spec.containers[0]"
WORKER = "spec.pytorchReplicaSpecs.Worker.template.spec.containers[0]"
JOB = "spec.template.spec.containers[0]"
INSTEAD = "must come from a Kubernetes Secret (the job's field `secrets`)"
PINNED = "must be pinned by digest: 'name@sha256:…'"

Said = Mapping[str, Any]


def summary(**said: Any) -> dict[str, Any]:
    """The summary that an ElasticJob with `LEAST` and what else is said shows."""
    made = synth(lambda: ts.ElasticJob("mnist", {**LEAST, **said}))
    return made.one("ElasticJob").inputs


def gpus(count: int, **said: Any) -> dict[str, Any]:
    return {"resources": {"gpu": count}, **said}


def deadline(seconds: int) -> dict[str, Any]:
    return {"run_policy": {"active_deadline_seconds": seconds}}


IMAGE_VOLUME = {
    "spec": {"volumes": [{"name": "llm", "image": {"reference": "quay.io/llm:1"}}]},
}
VOLUME_PATH = "spec.template.spec.volumes[1].image.reference"


def job_path(field: str) -> str:
    return f"{JOB}.{field}"


ON_MANIFESTS: list[tuple[str, Said, dict[str, Any], list[Finding]]] = [
    (
        "image-digest",
        {},
        pytorch(worker={"replicas": 1, "image": DIGEST}),
        [Finding(f"{MASTER}.image", "registry.example/mnist:1", PINNED)],
    ),
    ("image-digest", {}, elastic(image=DIGEST), []),
    ("image-digest", {}, mpi(image=DIGEST, worker={"replicas": 2}), []),
    (
        "image-digest",
        {},
        elastic(
            image=DIGEST,
            pod_overlay={"spec": {"initContainers": [{"name": "wait", "image": "busybox"}]}},
        ),
        [Finding("spec.template.spec.initContainers[0].image", "busybox", PINNED)],
    ),
    (
        "allowed-registries",
        {"registries": ["registry.example/team", "quay.io/"]},
        elastic(),
        [
            Finding(
                job_path("image"),
                "registry.example/mnist:1",
                "must come from registry.example/team, quay.io",
            )
        ],
    ),
    ("allowed-registries", {"registries": ["registry.example"]}, elastic(), []),
    ("allowed-registries", {"registries": ["registry.example/team/"]}, elastic(image=DIGEST), []),
    ("allowed-registries", {"registries": ["docker.io/library"]}, elastic(image="python:3"), []),
    (
        "allowed-registries",
        {"registries": ["registry.exam"]},
        elastic(),
        [Finding(job_path("image"), "registry.example/mnist:1", "must come from registry.exam")],
    ),
    ("allowed-registries", {}, elastic(), []),
    (
        "allowed-registries",
        {"registries": ["registry.example"]},
        elastic(pod_overlay=IMAGE_VOLUME),
        [Finding(VOLUME_PATH, "quay.io/llm:1", "must come from registry.example")],
    ),
    (
        "image-digest",
        {},
        elastic(image=DIGEST, pod_overlay=IMAGE_VOLUME),
        [Finding(VOLUME_PATH, "quay.io/llm:1", PINNED)],
    ),
    (
        "resource-limits",
        {},
        pytorch(worker={"replicas": 1, "limits": {"memory": "1Gi"}}),
        [Finding(f"{MASTER}.resources.limits.memory", None, "a limit is required")],
    ),
    ("resource-limits", {}, elastic(nnodes=2, resources={"memory": "1Gi"}), []),
    (
        "resource-limits",
        {"resources": ["cpu", "memory"]},
        elastic(resources={"memory": "1Gi"}),
        [Finding(job_path("resources.limits.cpu"), None, "a limit is required")],
    ),
    (
        "no-plain-secrets",
        {},
        elastic(env={"WANDB_API_KEY": "0123456789", "SORT_KEY": "name", "MAX_TOKENS": "8"}),
        [
            Finding(job_path("env[SORT_KEY]"), "a text of 4 characters", INSTEAD),
            Finding(job_path("env[WANDB_API_KEY]"), "a text of 10 characters", INSTEAD),
        ],
    ),
    (
        "no-plain-secrets",
        {"allow": ["SORT_KEY"]},
        elastic(
            env={"SORT_KEY": "name", "ADDRESS": "https://me:$(API_TOKEN)@host", "TOKEN": "$(X)"},
            secrets={"API_TOKEN": {"name": "api", "key": "token"}},
        ),
        [],
    ),
    (
        "no-plain-secrets",
        {},
        elastic(hyperparameters={"hub": "hf_" + "a" * 34}),
        [Finding(job_path("args[0]"), "a Hugging Face token of 43 characters", INSTEAD)],
    ),
]


@pytest.mark.parametrize(("name", "config", "manifest", "findings"), ON_MANIFESTS)
def test_a_rule_on_a_manifest(
    name: str, config: Said, manifest: dict[str, Any], findings: list[Finding]
) -> None:
    assert rule(name).findings(manifest, config) == findings


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("ghp_" + "a" * 36, "a GitHub token"),
        ("github_pat_" + "a" * 22, "a GitHub token"),
        ("glpat-" + "a" * 20, "a GitLab token"),
        ("hf_" + "a" * 34, "a Hugging Face token"),
        ("AKIA" + "A" * 16, "an AWS access key"),
        ("AIza" + "a" * 35, "a Google API key"),
        ("xoxb-" + "1" * 12, "a Slack token"),
        ("sk-" + "a" * 40, "an API key (sk-…)"),
        ("npm_" + "a" * 36, "an npm token"),
        ("pypi-" + "a" * 60, "a PyPI token"),
        ("pul-" + "0" * 40, "a Pulumi token"),
        ("eyJhbGciOiJI." + "eyJzdWIiOiIx.c2ln", "a JSON web token"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\n…", "a private key"),
        ("postgres://me:" + "hunter2@db/x", "a password in an address"),
    ],
)
def test_secrets_are_known_by_their_look_and_never_shown(value: str, what: str) -> None:
    (finding,) = rule("no-plain-secrets").findings(elastic(env={"SETTING": value}))
    assert finding.value == f"{what} of {len(value)} characters"
    assert value not in str(finding)


@pytest.mark.parametrize("value", ["https://example.org/a:b@c", "user@host", "sk-1", "a" * 40])
def test_what_only_resembles_a_secret_passes(value: str) -> None:
    assert rule("no-plain-secrets").findings(elastic(env={"SETTING": value})) == []


@pytest.mark.parametrize(
    "name",
    [
        *("PGPASSWORD", "DB_PASSWORD", "password", "AUTHTOKEN", "HF_TOKEN", "CLIENTSECRET"),
        *("SSHKEY", "SSH_KEY", "APIKEY", "WANDB_API_KEY", "PRIVATEKEY", "AWS_CREDENTIALS"),
    ],
)
def test_a_name_that_says_secret(name: str) -> None:
    (finding,) = rule("no-plain-secrets").findings(elastic(env={name: "x"}))
    assert finding.path == job_path(f"env[{name}]")


@pytest.mark.parametrize(
    "name",
    [
        *("MAX_TOKENS", "TOKENIZER", "TOKENIZERS_PARALLELISM", "MONKEY", "HOTKEY", "KEYS"),
        *("PASSWORD_FILE", "SECRET_NAME", "KEY_DIM", "PGPASSFILE", "PASS"),
    ],
)
def test_a_name_that_only_resembles_one(name: str) -> None:
    assert rule("no-plain-secrets").findings(elastic(env={name: "x"})) == []


ON_RUNS: list[tuple[str, Said, dict[str, Any], list[Finding]]] = [
    (
        "deadline-required",
        {},
        summary(),
        [Finding("run_policy.active_deadline_seconds", None, "a deadline is required")],
    ),
    ("deadline-required", {}, summary(**deadline(60)), []),
    ("deadline-required", {"maxSeconds": 60.0}, summary(**deadline(60)), []),
    (
        "deadline-required",
        {"maxSeconds": 60.0},
        summary(**deadline(61)),
        [Finding("run_policy.active_deadline_seconds", 61, "must be at most 60")],
    ),
    (
        "checkpoint-required",
        {"aboveGpuHours": 7.5},
        summary(nnodes="1:4", **gpus(2), **deadline(3600)),
        [Finding("checkpoint", None, "required above 7.5 GPU-hours; this run may take 8")],
    ),
    (
        "checkpoint-required",
        {"aboveGpuHours": 8},
        summary(nnodes="1:4", **gpus(2), **deadline(3600)),
        [],
    ),
    (
        "checkpoint-required",
        {"aboveGpuHours": 8},
        summary(**gpus(1)),
        [
            Finding(
                "checkpoint",
                None,
                "required above 8 GPU-hours; this run may take any number, as it has no deadline",
            )
        ],
    ),
    ("checkpoint-required", {"aboveGpuHours": 8}, summary(), []),
    ("checkpoint-required", {}, summary(**gpus(1)), []),
    (
        "checkpoint-required",
        {"aboveGpuHours": 0},
        {**summary(**gpus(1)), "checkpoint": {"claim": "c"}},
        [],
    ),
]


@pytest.mark.parametrize(("name", "config", "run", "findings"), ON_RUNS)
def test_a_rule_on_a_run(
    name: str, config: Said, run: dict[str, Any], findings: list[Finding]
) -> None:
    assert rule(name).findings(run, config) == findings


STACK = {
    "big": elastic(nnodes="1:4", **gpus(2), **deadline(7200)),
    "launched": mpi(worker={"replicas": 2}, **gpus(1), **deadline(3600)),
    "no-gpus": elastic(),
}
NO_END = {**STACK, "endless": pytorch(worker={"replicas": 2}, **gpus(1))}
UNKNOWN_COST = "give its pool a price_per_hour, or pricePerGpuHour; no budget can be kept without"
POOL = {"name": "h100", "gpus": 8, "price_per_hour": 40}


def stack_of(program: Callable[[], object]) -> dict[str, Any]:
    """What the pack sees of a stack: manifests and the jobs' outputs, by URN."""
    here, job = "urn:pulumi:dev::shop::", "trainstack:index:ElasticJob"
    made = synth(program, project="shop", stack_name="dev")
    jobs = {one.name: one.inputs for one in made.of_type(job)}
    return {
        **{
            f"{here}{job}::{name}": {"cost": said.get("cost"), "job_name": name}
            for name, said in jobs.items()
        },
        **{
            f"{here}{job}${one.type}::{one.name}": one.inputs
            for one in made.registrations
            if one.parent in jobs
        },
    }


def in_pools() -> None:
    """At most 32 GPUs at 5 an hour for two hours, and 4 GPUs of no known price."""
    ts.ElasticJob("big", {**LEAST, "pool": POOL, "nnodes": "1:4", "size": 2, **deadline(7200)})
    ts.ElasticJob("old", {**LEAST, **gpus(4), **deadline(3600)})


PRICED = stack_of(in_pools)
ON_STACKS: list[tuple[str, Said, dict[str, Any], list[Finding]]] = [
    (
        "gpu-budget",
        {"maxGpus": 9.0},
        STACK,
        [Finding("GPUs", 10, "must be at most 9; big 8, launched 2")],
    ),
    ("gpu-budget", {"maxGpus": 10}, STACK, []),
    ("gpu-budget", {}, STACK, []),
    ("gpu-budget", {"maxGpus": 0}, {"no-gpus": elastic()}, []),
    (
        "cost-budget",
        {"maxPerHour": 9},
        STACK,
        [
            Finding("cost of big", "unknown", UNKNOWN_COST),
            Finding("cost of launched", "unknown", UNKNOWN_COST),
        ],
    ),
    (
        "gpu-budget",
        {"maxGpus": 35},
        PRICED,
        [Finding("GPUs", 36, "must be at most 35; big 32, old 4")],
    ),
    (
        "cost-budget",
        {"maxPerHour": 100},
        PRICED,
        [
            Finding("cost of old", "unknown", UNKNOWN_COST),
            Finding("cost per hour", 160.0, "must be at most 100; big 160"),
        ],
    ),
    (
        "cost-budget",
        {"maxPerHour": 167, "maxTotal": 327, "pricePerGpuHour": 2},
        PRICED,
        [
            Finding("cost per hour", 168.0, "must be at most 167; big 160, old 8"),
            Finding("cost in all", 328.0, "must be at most 327; big 320, old 8"),
        ],
    ),
    ("cost-budget", {"maxPerHour": 168, "maxTotal": 328, "pricePerGpuHour": 2}, PRICED, []),
    ("cost-budget", {"maxPerHour": 9}, {"no-gpus": elastic()}, []),
    (
        "cost-budget",
        {"maxPerHour": 24, "pricePerGpuHour": 2.5},
        STACK,
        [Finding("cost per hour", 25.0, "must be at most 24; big 20, launched 5")],
    ),
    ("cost-budget", {"maxPerHour": 25, "pricePerGpuHour": 2.5}, STACK, []),
    (
        "cost-budget",
        {"maxTotal": 44, "pricePerGpuHour": 2.5},
        STACK,
        [Finding("cost in all", 45.0, "must be at most 44; big 40, launched 5")],
    ),
    ("cost-budget", {"maxTotal": 45, "pricePerGpuHour": 2.5}, STACK, []),
    (
        "cost-budget",
        {"maxTotal": 45, "pricePerGpuHour": 2.5},
        NO_END,
        [Finding("cost of endless", "unknown", "give a deadline; no budget can be kept without")],
    ),
]


@pytest.mark.parametrize(("name", "config", "stack", "findings"), ON_STACKS)
def test_a_rule_on_a_stack(
    name: str, config: Said, stack: dict[str, Any], findings: list[Finding]
) -> None:
    assert rule(name).findings(stack, config) == findings


def test_what_preview_does_not_know_is_no_violation_and_no_pass() -> None:
    def program() -> None:
        image = pulumi.Output.from_input(UNKNOWN)
        ts.ElasticJob("mnist", {**LEAST, "image": image})

    manifest = synth(program, preview=True).one("Job").inputs
    (finding,) = rule("image-digest").findings(manifest)
    assert not finding.known
    assert finding.path == f"{JOB}.image"


def test_a_count_that_preview_does_not_know_is_no_violation_and_no_pass() -> None:
    stack = {"web": changed(elastic(**gpus(1)), {"spec/parallelism": UNKNOWN})}
    (finding,) = rule("gpu-budget").findings(stack, {"maxGpus": 4})
    assert not finding.known


CONFIG = {"registries": ["registry.example"], "maxGpus": 0, "maxPerHour": 0, "aboveGpuHours": 0}
ABOUT_PODS = [one.name for one in RULES if one.subject != "run"]
CONTAINER = "spec/template/spec/containers/0"


def settled(name: str, manifest: Mapping[str, Any]) -> list[bool]:
    """Of each finding, whether it is known."""
    one = rule(name)
    config = {key: value for key, value in CONFIG.items() if key in one.config}
    if "pricePerGpuHour" in one.config:
        config["pricePerGpuHour"] = 1
    subject = {"web": manifest} if one.subject == "stack" else manifest
    return [finding.known for finding in one.findings(subject, config)]


@pytest.mark.parametrize("path", ["spec", "spec/template", "spec/template/spec", CONTAINER])
@pytest.mark.parametrize("name", ABOUT_PODS)
def test_pods_that_preview_does_not_know_are_no_violation_and_no_pass(name: str, path: str) -> None:
    assert settled(name, changed(elastic(), {path: UNKNOWN})) == [False]


def test_containers_that_preview_does_not_know() -> None:
    manifest = changed(elastic(), {"spec/template/spec/containers": UNKNOWN})
    assert {name: settled(name, manifest) for name in ABOUT_PODS} == {
        name: [False] for name in ABOUT_PODS
    }


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("allowed-registries", "image"),
        ("cost-budget", "resources"),
        ("cost-budget", "resources/limits"),
        ("gpu-budget", "resources"),
        ("gpu-budget", "resources/limits"),
        ("image-digest", "image"),
        ("no-plain-secrets", "args"),
        ("no-plain-secrets", "env"),
        ("no-plain-secrets", "env/0"),
        ("resource-limits", "resources"),
        ("resource-limits", "resources/limits"),
        ("restricted-pods", "ports"),
        ("restricted-pods", "securityContext"),
    ],
)
def test_parts_that_preview_does_not_know(name: str, field: str) -> None:
    whole = elastic(image=DIGEST, resources={"memory": "1Gi"}, env={"A": "1"})
    manifest = changed(whole, {f"{CONTAINER}/{field}": UNKNOWN})
    assert settled(name, manifest) == [False]


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("deadline-required", {"run_policy": UNKNOWN}),
        ("deadline-required", {"run_policy": {"active_deadline_seconds": UNKNOWN}}),
        ("checkpoint-required", {"gpus": UNKNOWN}),
        ("checkpoint-required", {"gpus": 1, "run_policy": UNKNOWN}),
    ],
)
def test_a_run_that_preview_does_not_know(name: str, run: dict[str, Any]) -> None:
    assert settled(name, run) == [False]


@pytest.mark.parametrize("name", ABOUT_PODS)
@pytest.mark.parametrize("spec", [[], [{"a": 1}], "text", 1, None])
def test_a_spec_of_another_shape_has_no_pods(name: str, spec: Any) -> None:
    assert settled(name, {"kind": "Other", "spec": spec}) == []


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.name)
def test_no_rule_minds_objects_without_pods(one: Any) -> None:
    settings = {"registries": [], "maxGpus": 0, "maxPerHour": 0, "aboveGpuHours": 0}
    config = {name: value for name, value in settings.items() if name in one.config}
    claim = {"kind": "PersistentVolumeClaim", "spec": {"resources": {"requests": {}}}}
    if one.subject != "run":
        subject = {"claim": claim} if one.subject == "stack" else claim
        assert one.findings(subject, config) == []


def test_every_kind_has_pods_to_look_at() -> None:
    for manifest in (pytorch(), elastic(), elastic(nnodes=2), mpi(), horovod()):
        assert rule("image-digest").findings(manifest)


def test_objects_of_one_name_all_count() -> None:
    one, other = ("urn:pulumi:dev::shop::kubernetes:" + kind + "::web" for kind in ("a", "b"))
    stack = {one: elastic(**gpus(1)), other: elastic(**gpus(2))}
    (finding,) = rule("gpu-budget").findings(stack, {"maxGpus": 2})
    assert str(finding) == "GPUs: got 3: must be at most 2; web 1, web 2"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpu-budget", "gpu-budget: maxGPUs: unknown setting; allowed: maxGpus"),
        ("image-digest", "image-digest: maxGPUs: unknown setting; allowed: none"),
    ],
)
def test_a_setting_that_does_not_exist_is_an_error(name: str, message: str) -> None:
    with pytest.raises(ts.TrainstackError, match=message):
        rule(name).findings({}, {"maxGPUs": 8})


def test_a_rule_that_does_not_exist_is_told() -> None:
    with pytest.raises(LookupError, match=r"no rule 'gpu'; there are: gpu-budget, cost-budget"):
        rule("gpu")
