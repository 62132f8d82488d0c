"""The policy pack in the real engine: each rule fails and passes a preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from devcluster.toolchain import Toolchain
from devcluster.toolchain.store import Built
from tests.conftest import NewProgram
from tests.support.policy_pack import startable_pack
from tests.support.pulumi_cli import PulumiProgram, Result
from tests.support.restricted import OVERLAY
from trainstack.cli import app
from trainstack.policy import RULES

DIGEST = f"registry.example/team/train@sha256:{'0' * 64}"
CONFIG: dict[str, Any] = {
    "all": "mandatory",
    "gpu-budget": {"maxGpus": 8},
    "cost-budget": {"maxPerHour": 20, "pricePerGpuHour": 2.5},
    "allowed-registries": {"registries": ["registry.example/team"]},
    "checkpoint-required": {"aboveGpuHours": 16},
}
GOOD = {
    "image": DIGEST,
    "program": {"module": "pkg.train"},
    "resources": {"cpu": "4", "memory": "16Gi", "gpu": 1},
    "run_policy": {"active_deadline_seconds": 7200},
    "pod_overlay": OVERLAY,
}
FAILING = f"""
    import trainstack as ts
    good = {GOOD}
    ts.ElasticJob("good", {{**good, "nnodes": "1:4"}})
    ts.PyTorchJob("bad", {{
        "image": "docker.io/team/train:latest",
        "program": {{"module": "pkg.train"}},
        "worker": {{"replicas": 4, "requests": {{"memory": "16Gi", "gpu": 1}}}},
        "resources": {{"memory": "16Gi", "gpu": 1}},
        "env": {{"WANDB_API_KEY": "0123456789"}},
        "pool": {{"name": "h100", "gpus": 8, "price_per_hour": 24}},
    }})
"""
PASSING = f"""
    import trainstack as ts
    good = {GOOD}
    ts.ElasticJob("elastic", {{**good, "nnodes": "1:4"}})
    ts.PyTorchJob("pytorch", {{**good, "worker": {{"replicas": 2}}}})
    ts.ElasticJob("one", good)
"""
WORKER = "spec.pytorchReplicaSpecs.Worker.template.spec.containers[0]"
SAID = {
    "gpu-budget": "GPUs: got 9: must be at most 8; bad 5, good 4",
    "cost-budget": "cost per hour: got 25.0: must be at most 20; bad 15, good 10",
    "image-digest": f"{WORKER}.image: got 'docker.io/team/train:latest': must be pinned by digest",
    "allowed-registries": f"{WORKER}.image: got 'docker.io/team/train:latest': must come from",
    "resource-limits": f"{WORKER}.resources.limits.memory: not given: a limit is required",
    "checkpoint-required": "checkpoint: not given: required above 16 GPU-hours",
    "deadline-required": "run_policy.active_deadline_seconds: not given: a deadline is required",
    "no-plain-secrets": f"{WORKER}.env[WANDB_API_KEY]: got 'a text of 10 characters': must come",
    "restricted-pods": f"{WORKER}.securityContext.runAsNonRoot: not given: must be true",
}


@pytest.fixture
def pack(toolchain: Toolchain, pulumi_home: dict[str, str], tmp_path: Path) -> Path:
    hosts = [tool for tool in toolchain.tools if tool.tool.name == "pulumi-language-python"]
    old = any(isinstance(host, Built) for host in hosts)
    home = Path(pulumi_home.get("PULUMI_HOME", tmp_path / "one" / "pulumi-home"))
    return startable_pack(tmp_path, home, old_language_host=old)


def flags(program: PulumiProgram, pack: Path, **config: Any) -> list[str]:
    file = program.write("policies.json", json.dumps({**CONFIG, **config}))
    return ["--policy-pack", str(pack), "--policy-pack-config", str(file)]


def preview(program: PulumiProgram, pack: Path, **config: Any) -> Result:
    return program.preview(*flags(program, pack, **config))


def test_each_rule_fails_a_preview(offline_program: NewProgram, pack: Path) -> None:
    result = preview(offline_program(FAILING), pack)
    assert not result.ok
    assert SAID.keys() == {rule.name for rule in RULES}
    for name, words in SAID.items():
        assert f"trainstack@v0.1.0 [mandatory]  {name}  (" in result.output
        assert words in result.output
    assert "0123456789" not in _of_pack(result)
    assert ": good)" not in _of_pack(result)


def test_each_rule_passes_a_preview(offline_program: NewProgram, pack: Path) -> None:
    result = preview(offline_program(PASSING), pack).check()
    assert _of_pack(result) == ""
    assert "trainstack|local|" in result.output


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("deadline-required", "trainstack:index:PyTorchJob"),
        ("image-digest", "kubernetes:kubeflow.org/v1:PyTorchJob"),
    ],
)
def test_up_does_not_try_to_make_what_a_rule_refuses(
    offline_program: NewProgram, pack: Path, name: str, refused: str
) -> None:
    program = offline_program(
        """
        import trainstack as ts
        ts.PyTorchJob("bad", {"image": "team/train:latest", "program": {"module": "pkg.train"}})
        """
    )
    levels = {rule.name: "disabled" for rule in RULES}
    result = program.up(*flags(program, pack, **{**levels, name: "mandatory"}))
    assert not result.ok
    assert f"[mandatory]  {name}  ({refused}: bad)" in result.output
    assert f"{refused} bad creating" not in result.output
    result = program.up(*flags(program, pack, **levels))
    assert f"{refused} bad creating" in result.output


def test_a_pack_advises_unless_told_otherwise(offline_program: NewProgram, pack: Path) -> None:
    program = offline_program(FAILING)
    result = program.preview("--policy-pack", str(pack)).check()
    assert "[advisory]  image-digest" in result.output
    for unconfigured in ("gpu-budget", "cost-budget", "allowed-registries", "checkpoint-required"):
        assert f"  {unconfigured}  (" not in result.output
    levels = {rule.name: "disabled" for rule in RULES} | {"image-digest": "mandatory"}
    result = preview(program, pack, **levels)
    assert not result.ok
    assert {line.split()[2] for line in _of_pack(result).splitlines()} == {"image-digest"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"maxGPUs": 8}, "gpu-budget: maxGPUs: unknown setting; allowed: maxGpus"),
        ({"maxGpus": "8"}, "maxGpus: Invalid type. Expected: number, given: string"),
    ],
)
def test_a_wrong_setting_fails_the_preview(
    offline_program: NewProgram, pack: Path, settings: dict[str, Any], message: str
) -> None:
    result = preview(offline_program(), pack, **{"gpu-budget": settings})
    assert not result.ok
    assert message in result.output


def test_a_report_shows_what_each_rule_found(offline_program: NewProgram, pack: Path) -> None:
    program = offline_program(FAILING)
    program.env = {**program.env, "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
    streamed = program.preview(*flags(program, pack), json=True)
    assert not streamed.ok
    review = ["report", "--exit-code"]
    said = CliRunner().invoke(app, [*review, "--json"], input=streamed.stdout)
    assert said.exit_code == 1
    (stack,) = json.loads(said.stdout)["stacks"]
    assert {job["name"]: job["effect"] for job in stack["jobs"]} == dict.fromkeys(
        ("bad", "good"), "starts"
    )
    assert stack["errors"] == []
    found = stack["findings"]
    assert {(one["policy"], one["level"], one["resource"]) for one in found} == {
        (name, "mandatory", "" if name.endswith("-budget") else "bad") for name in SAID
    }
    shown = CliRunner().invoke(app, review, input=streamed.stdout).stdout
    for name in SAID:
        assert f"| `{name}` | `mandatory` |" in shown
    assert "| `GPUs: got 9: must be at most 8; bad 5, good 4` |" in shown


def test_what_preview_does_not_know_is_told(offline_program: NewProgram, pack: Path) -> None:
    program = offline_program(
        f"""
        import pulumi, pulumi_kubernetes as k8s, trainstack as ts
        made = k8s.core.v1.ConfigMap("made", data={{"a": "b"}})
        image = made.id.apply(lambda _: "docker.io/team/train:latest")
        ts.ElasticJob("later", {{**{GOOD}, "image": image}})
        """
    )
    result = preview(program, pack).check()
    assert "[mandatory]" not in result.output
    assert "can't run policy 'image-digest'" in result.output
    assert "containers[0].image can't be known during preview" in result.output


def _of_pack(result: Result) -> str:
    """The violations' own lines."""
    lines = [line for line in result.output.splitlines() if "trainstack@v0.1.0 [" in line]
    return "\n".join(lines)
