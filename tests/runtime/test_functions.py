"""Functions: shipped or in the image, called on every rank, with a result and decks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trainstack.spec.json_values import to_json
from trainstack.spec.program import INPUTS, PROGRAM_DIR, Program
from trainstack.spec.source import read_source

from .pods import Pod, Pods

METHODS = pytest.mark.parametrize("method", ["spawn", "fork"])

REDUCE = """\
import os, sys
import torch, torch.distributed as dist
from torch.utils.data import DataLoader, Dataset


class Ones(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.ones(1)


def main(scale, names=(), **rest):
    dist.init_process_group("gloo")
    loader = DataLoader(Ones(), num_workers=1, multiprocessing_context="spawn")
    total = sum(batch.sum() for batch in loader) * scale
    dist.all_reduce(total)
    dist.destroy_process_group()
    if os.environ["RANK"] != "0":
        return object()
    return {"total": total, "names": names, "rest": rest, "module": __name__, "argv": sys.argv,
            "main": sys.modules["__main__"].__name__, "restarts": [torch.tensor(3)]}


if __name__ == "__main__":
    raise SystemExit("must not run as a script")
"""
MODEL = """\
def check(rank):
    if rank == 1:
        raise ValueError("the learning rate is negative")
"""
RANK_1_FAILS = """\
import torch, torch.distributed as dist
from .model import check


def main():
    dist.init_process_group("gloo")
    check(dist.get_rank())
    dist.all_reduce(torch.ones(1))
    dist.all_reduce(torch.ones(1))
"""
RECOVERS = """\
import os, pathlib
from trainstack_runtime import RecoverableError


def main(crashes, until=2, error="RecoverableError"):
    folder = pathlib.Path(crashes)
    attempt = len(list(folder.iterdir()))
    if os.environ["RANK"] == "1" and attempt < until:
        (folder / str(attempt)).touch()
        raise {"RecoverableError": RecoverableError, "ValueError": ValueError}[error]("went away")
    import torch.distributed as dist
    dist.init_process_group("gloo")
    dist.barrier()
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
"""


def words(pods: Pods, function: str, files: dict[str, str], **inputs: Any) -> list[str]:
    """The command line of a function that the library ships, mounted as in a pod."""
    beside, mounted = pods.folder / "beside", pods.folder / "mounted"
    mounted.mkdir(exist_ok=True)
    for name, content in files.items():
        path = beside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    program = Program(function=function, inputs=inputs)
    source = read_source(program, beside, "Test 'x'")
    assert source is not None
    assert isinstance(source.content, bytes)
    (mounted / source.filename).write_bytes(source.content)
    if inputs:
        (mounted / INPUTS).write_text(to_json(program.inputs))
    return [*(word.replace(PROGRAM_DIR, str(mounted)) for word in program.command()), "--"]


def single(pods: Pods, said: list[str], method: str = "spawn", **env: str) -> Pod:
    return pods.start("single", "torch", *said, env={"TRAINSTACK_START_METHOD": method, **env})


@METHODS
def test_a_file_is_called_on_every_rank_with_its_inputs(pods: Pods, method: str) -> None:
    said = words(pods, "jobs/train.py:main", {"jobs/train.py": REDUCE}, scale=0.5, x={"y": [1]})
    pod = single(pods, said, method, PET_NPROC_PER_NODE="2")
    assert pod.wait() == 0, pod.output
    result = pod.message["result"]
    (script,) = result.pop("argv")
    assert script.endswith("/jobs/train.py")
    assert result == {
        "total": 4.0,
        "names": [],
        "rest": {"x": {"y": [1]}},
        "module": "train",
        "main": "__main__",
        "restarts": [3],
    }
    assert len(list(pods.folder.glob("trainstack-source-*"))) == 1


@METHODS
def test_an_exception_on_one_rank_shows_the_users_own_lines(pods: Pods, method: str) -> None:
    files = {"src/pkg/__init__.py": "", "src/pkg/train.py": RANK_1_FAILS, "src/pkg/model.py": MODEL}
    said = words(pods, "src/pkg/train.py:main", files)
    pod = single(pods, said, method, PET_NPROC_PER_NODE="2")
    assert pod.wait() == 1
    message = pod.message
    assert (message["rank"], message["reason"]) == (1, "exception")
    assert message["error"] == "ValueError: the learning rate is negative"
    assert message["location"] == (
        'pkg/model.py:3 in check: raise ValueError("the learning rate is negative")'
    )
    shown = "\n".join(message["traceback"])
    assert "    check(dist.get_rank())" in shown
    assert "importlib" not in shown
    assert "trainstack_runtime" not in shown
    assert pod.output.count('raise ValueError("the learning rate is negative")') == 2


@METHODS
@pytest.mark.parametrize("target", ["pkg.mod:train", "pkg/mod.py:train"])
@pytest.mark.slow
def test_a_function_in_the_image(pods: Pods, method: str, target: str) -> None:
    pods.script("", "pkg/__init__.py")
    pods.script("VALUE = 3", "pkg/other.py")
    pods.script("from .other import VALUE\ndef train():\n    return VALUE\n", "pkg/mod.py")
    place = f"{pods.folder}/{target}" if ".py" in target else target
    pod = single(pods, ["--function", place, "--"], method)
    assert pod.wait() == 0, pod.output
    assert pod.message["result"] == 3


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        ("", "train:main", "ImportError: train ("),
        ("", "absent.mod:main", "ModuleNotFoundError: No module named 'absent'"),
        ("", "/absent.py:main", "No such file or directory: '/absent.py'"),
        ("def main(lr): ...", "train:main", "missing 1 required positional argument: 'lr'"),
        ("import absent\n", "train:main", "No module named 'absent'"),
    ],
)
def test_what_cannot_be_called_is_named(pods: Pods, source: str, target: str, error: str) -> None:
    pods.script(source)
    pod = single(pods, ["--function", target, "--"])
    assert pod.wait() == 1
    assert error in pod.message["error"]


def test_values_that_were_reported_stay_when_nothing_is_returned(pods: Pods) -> None:
    source = "from trainstack_runtime import result\ndef main():\n    result(loss=0.5)\n"
    pod = single(pods, words(pods, "train.py:main", {"train.py": source}))
    assert pod.wait() == 0, pod.output
    assert pod.message["result"] == {"loss": 0.5}


LARGE = "def main():\n    return {'losses': [0.5] * 1000}\n"


def test_a_result_that_is_too_large_says_what_to_set(pods: Pods) -> None:
    pod = single(pods, words(pods, "train.py:main", {"train.py": LARGE}))
    assert pod.wait() == 1
    assert pod.message["error"] == (
        "ValueError: result: 5,012 bytes as JSON, above the 3,000 that fit into a pod's termination"
        " message; give the job a checkpoint, beside which it can be kept"
    )


@METHODS
@pytest.mark.slow
def test_with_storage_large_and_binary_values_are_kept(pods: Pods, method: str) -> None:
    source = """\
import os, pathlib
from trainstack_runtime import deck

def main(large):
    deck("<h1>Loss</h1>")
    deck("<h1>More</h1>", "more")
    model = pathlib.Path(os.environ["RANK"], "model.pt")
    model.parent.mkdir(exist_ok=True)
    model.write_bytes(b"weights")
    return [0.5] * 1000 if large else {"model": model, "raw": b"x"}
"""
    kept = pods.folder / "kept"
    env = {"TRAINSTACK_ARTIFACTS": str(kept), "TRAINSTACK_ARTIFACTS_ADDRESS": "s3://bucket/run"}
    for large in (True, False):
        said = words(pods, "train.py:main", {"train.py": source}, large=large)
        pod = single(pods, said, method, PET_NPROC_PER_NODE="2", **env)
        assert pod.wait() == 0, pod.output
        assert pod.message["decks"] == ["s3://bucket/run/decks", "deck", "more"]
        assert pod.message["result"] == (
            "s3://bucket/run/result.json"
            if large
            else {
                "model": "s3://bucket/run/result/model/model.pt",
                "raw": "s3://bucket/run/result/raw.bin",
            }
        )
    assert json.loads((kept / "result.json").read_text()) == [0.5] * 1000
    assert (kept / "result/model/model.pt").read_bytes() == b"weights"
    assert (kept / "decks/more.html").read_text() == "<h1>More</h1>"


def test_a_deck_without_storage_fails_where_it_is_written(pods: Pods) -> None:
    source = "from trainstack_runtime import deck\ndef main():\n    deck('<p>')\n"
    pod = single(pods, words(pods, "train.py:main", {"train.py": source}))
    assert pod.wait() == 1
    assert pod.message["error"].startswith("ValueError: deck: there is no storage; give the job a")
    assert pod.message["location"] == "train.py:3 in main: deck('<p>')"


def recovering(pods: Pods, **inputs: Any) -> list[str]:
    crashes = pods.folder / "crashes"
    crashes.mkdir()
    return words(pods, "train.py:main", {"train.py": RECOVERS}, crashes=str(crashes), **inputs)


@METHODS
@pytest.mark.slow
def test_a_recoverable_error_restarts_the_ranks_in_place(pods: Pods, method: str) -> None:
    env = {"PET_NPROC_PER_NODE": "2", "PET_MAX_RESTARTS": "2"}
    pod = single(pods, recovering(pods), method, **env)
    assert pod.wait() == 0, pod.output
    assert (pod.message["result"], pod.message["restarts"]) == (2, 2)


@pytest.mark.parametrize(("error", "code"), [("RecoverableError", 204), ("ValueError", 1)])
@pytest.mark.slow
def test_when_restarts_are_used_up_the_exit_code_tells_them_apart(
    pods: Pods, error: str, code: int
) -> None:
    env = {"PET_NPROC_PER_NODE": "2", "PET_MAX_RESTARTS": "1"}
    pod = single(pods, recovering(pods, error=error), **env)
    assert pod.wait() == code, pod.output
    name = {"RecoverableError": "trainstack_runtime.RecoverableError"}.get(error, error)
    assert pod.message["error"] == f"{name}: went away"
    assert (pod.message["exit_code"], pod.message["restarts"]) == (1, 1)


@pytest.mark.slow
def test_fixed_nodes_all_end_with_a_code_that_is_worth_a_retry(pods: Pods) -> None:
    said = recovering(pods, until=1)
    for expected in (204, 0):
        node = {
            "PET_MASTER_ADDR": "127.0.0.1",
            "PET_MASTER_PORT": str(pods.port),
            "PET_NNODES": "2",
        }
        both = [
            pods.start(f"node-{rank}", "torch", *said, env={**node, "PET_NODE_RANK": str(rank)})
            for rank in (0, 1)
        ]
        assert both[1].wait() == expected, both[1].output
        if expected == 204:
            both[0].kill()
    assert both[0].wait() == 0
    assert both[0].message["result"] == 0


def elastic(pods: Pods, said: list[str], **env: str) -> Pod:
    store = pods.store()
    agents = [pods.agent("a", *said, **env), pods.agent("b", *said, **env)]
    store.wait()
    for agent in agents:
        agent.wait()
    return store


def test_the_store_carries_result_and_decks(pods: Pods) -> None:
    source = (
        "from trainstack_runtime import deck\ndef main():\n    deck('<p>')\n    return [1, 2]\n"
    )
    kept = pods.folder / "kept"
    said = words(pods, "train.py:main", {"train.py": source})
    store = elastic(pods, said, TRAINSTACK_ARTIFACTS=str(kept))
    assert store.message["result"] == [1, 2]
    assert store.message["decks"] == [f"{kept}/decks", "deck"]


@pytest.mark.parametrize(("restarts", "code"), [("1", 0), ("0", 1)])
@pytest.mark.slow
def test_nodes_that_come_and_go_restart_in_place_only(pods: Pods, restarts: str, code: int) -> None:
    store = elastic(pods, recovering(pods, until=1), PET_MAX_RESTARTS=restarts)
    assert store.process.returncode == code
    assert ("error" in store.message) == bool(code)
