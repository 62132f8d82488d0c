"""Which runs are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.states import job, state
from trainstack.kind import Kind
from trainstack.mpi import component as mpi
from trainstack.observe.found import KINDS, Found, chosen, one
from trainstack.observe.place import Place
from trainstack.observe.stack_run import stack_runs
from trainstack.pytorch import component as pytorch
from trainstack.spec.model import TrainstackError
from trainstack.status import RunRef
from trainstack.tensorflow import component as tensorflow


def run(name: str, version: str) -> Found:
    ref = RunRef("batch/v1", "Job", "team", f"{name}-{version}")
    return Found(ref, "ElasticJob", name, version, Place())


RUNS = (run("digits", "1"), run("digits", "2"), run("other", "1"))


def test_every_object_that_a_job_becomes_is_looked_for() -> None:
    kinds = [
        value
        for module in (mpi, pytorch, tensorflow)
        for value in vars(module).values()
        if isinstance(value, Kind)
    ]
    assert len(kinds) == 5
    assert {target for kind in kinds for target in kind.targets} == {
        f"kubernetes:{api_version}:{kind}" for api_version, kind in KINDS
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (None, RUNS),
        ("digits", RUNS[:2]),
        ("digits-2", RUNS[1:2]),
        ("other", RUNS[2:]),
    ],
)
def test_chosen(name: str | None, found: tuple[Found, ...]) -> None:
    assert chosen(RUNS, name) == found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "no run 'none' here; there are: digits, other"),
        ("digits", "several runs 'digits'; name one of them: digits-1, digits-2"),
    ],
)
def test_not_one(name: str, message: str) -> None:
    with pytest.raises(TrainstackError) as raised:
        one(RUNS, name)
    assert str(raised.value) == message


def test_no_runs_at_all() -> None:
    assert chosen((), None) == ()
    with pytest.raises(TrainstackError, match="there are: none"):
        chosen((), "digits")


def test_a_provider_s_cluster() -> None:
    provider = "urn:pulumi:dev::shop::pulumi:providers:kubernetes::default_4_27_0"
    [component, made] = job("digits", "1")
    resources = [
        {
            "urn": provider,
            "type": "pulumi:providers:kubernetes",
            "inputs": {"context": "training", "kubeconfig": "~/kube", "version": "4.27.0"},
        },
        component,
        {**made, "provider": f"{provider}::0123"},
    ]
    [found] = stack_runs(state(resources))
    assert Place.of_provider(found.provider) == Place("~/kube", "training")


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (Place(), Place("stack", "its")),
        (Place(None, "mine"), Place("stack", "mine")),
        (Place("mine"), Place("mine")),
        (Place("mine", "too"), Place("mine", "too")),
    ],
)
def test_what_is_said_goes_over_the_stack(said: Place, place: Place) -> None:
    assert said.over(Place("stack", "its")) == place


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (Place("[secret]"), "keeps its kubeconfig as a secret; give --kubeconfig"),
        (Place("/nonexistent/kubeconfig"), "no cluster: "),
        (Place("a: {b\n"), "no cluster: "),
    ],
)
def test_no_cluster(place: Place, message: str) -> None:
    with pytest.raises(TrainstackError, match=message):
        place.connect()


def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        "{contexts: [{name: a, context: {cluster: a, user: a, namespace: team}}],"
        " clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}],"
        " users: [{name: a, user: {}}], current-context: a}"
    )
    assert Place(str(file)).connect().configuration.host == "https://127.0.0.1:1"
    assert Place(str(file)).namespace() == "team"
    assert Place(file.read_text() + "\n").connect().configuration.host == "https://127.0.0.1:1"
    with pytest.raises(TrainstackError, match="b"):
        Place(str(file), "b").connect()
