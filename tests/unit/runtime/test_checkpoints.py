"""Checkpoints in a volume and in a bucket: what is complete, what is resumed, what is kept."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from images.runtime.trainstack_runtime import resume_folder, save_folder
from images.runtime.trainstack_runtime.artifacts import storage
from images.runtime.trainstack_runtime.bucket import REFUSALS
from images.runtime.trainstack_runtime.checkpoints import prepare
from images.runtime.trainstack_runtime.errors import RecoverableError
from images.runtime.trainstack_runtime.finished import finish, finished_before
from images.runtime.trainstack_runtime.folder import Place
from images.runtime.trainstack_runtime.outcome import Success
from images.runtime.trainstack_runtime.root import (
    Root,
    StorageError,
    StorageRefusalError,
    root_from_env,
)
from images.runtime.trainstack_runtime.run_folder import RunFolder
from tests.support.s3 import S3, s3_server

Start = Callable[..., None]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """As it was, after what `prepare` has set."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(params=["volume", "bucket"])
def start(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: S3
) -> Start:
    """Makes this process a rank of a version, whose pod has just been made."""
    pods = iter(range(100))

    def become(version: str = "v1", *, rank: int = 0, ranks: int = 1, **said: str) -> None:
        if request.param == "volume":
            env = {"TRAINSTACK_CHECKPOINT_FOLDER": str(tmp_path / "volume")}
        else:
            env = s3.env(tmp_path / f"pod-{next(pods)}", tmp_path.name)
        for name in [name for name in os.environ if name.startswith("TRAINSTACK_")]:
            monkeypatch.delenv(name)
        place = {"RANK": str(rank), "WORLD_SIZE": str(ranks), "LOCAL_RANK": str(rank)}
        run = {"TRAINSTACK_RUN": "digits", "TRAINSTACK_VERSION": version, "TRAINSTACK_STACK": "s"}
        for name, value in {**env, **place, **run, **said}.items():
            monkeypatch.setenv(name, value)
        prepare(Place.from_env())

    return become


def save(step: int, content: str = "", *, sharded: bool = False, name: str = "model") -> None:
    with save_folder(step, sharded=sharded) as folder:
        (folder / name).write_text(content or str(step))


def resumed(name: str = "model") -> str | None:
    folder = resume_folder()
    return (folder / name).read_text() if folder else None


def root() -> Root:
    found = root_from_env()
    assert found is not None
    return found


def steps(version: str = "v1") -> list[int]:
    names = root().names(f"digits/{version}")
    return [int(name.split("-")[1]) for name in names if name.startswith("step-")]


class Crash(BaseException):
    """What ends a process."""


def crash_while_saving(step: int, *, sharded: bool = False) -> None:
    with pytest.raises(Crash), save_folder(step, sharded=sharded) as folder:
        (folder / "model").write_text("half")
        raise Crash


def test_a_run_starts_from_nothing(start: Start) -> None:
    start()
    assert resume_folder() is None


def test_a_new_pod_resumes_the_newest(start: Start) -> None:
    start()
    save(1)
    save(10)
    save(9)
    start()
    assert resumed() == "10"


def test_folders_within_a_checkpoint_stay_what_they_are(start: Start) -> None:
    start()
    with save_folder(1) as folder:
        (folder / "a/b").mkdir(parents=True)
        (folder / "a/b/weights").write_bytes(bytes(range(256)))
    start()
    found = resume_folder()
    assert found is not None
    assert (found / "a/b/weights").read_bytes() == bytes(range(256))


def test_a_half_written_checkpoint_is_never_resumed(start: Start) -> None:
    start()
    save(1)
    crash_while_saving(2)
    start()
    assert resumed() == "1"


def test_what_a_killed_process_left_is_not_resumed_and_goes_with_the_next(start: Start) -> None:
    start()
    save(1)
    staged = root().stage("digits/v1/step-000000002-0000000000000000")
    (staged / "model").write_text("half")
    root().keep("digits/v1/step-000000002-0000000000000000", staged)
    start()
    assert resumed() == "1"
    save(3)
    assert steps() == [1, 3]


def test_saving_a_step_again_never_touches_what_is_complete(start: Start) -> None:
    start()
    save(5, "first")
    crash_while_saving(5)
    start()
    assert resumed() == "first"
    save(5, "second")
    start()
    assert resumed() == "second"


def test_only_rank_0_saves(start: Start) -> None:
    start(rank=0, ranks=2)
    save(1, "of rank 0")
    start(rank=1, ranks=2)
    save(2, "of rank 1")
    start()
    assert resumed() == "of rank 0"


def test_shards_are_complete_when_all_ranks_have_saved(start: Start) -> None:
    for step, savers in ((1, (0, 1, 2)), (2, (0, 2))):
        for rank in savers:
            start(rank=rank, ranks=3)
            save(step, f"{step}/{rank}", sharded=True, name=f"part-{rank}")
    for rank in range(2):
        start(rank=rank, ranks=2)
        assert [resumed(f"part-{part}") for part in range(3)] == ["1/0", "1/1", "1/2"]


def test_shards_of_an_earlier_launch_do_not_complete_a_later_one(start: Start) -> None:
    start(rank=0, ranks=2)
    save(1, "old", sharded=True, name="part-0")
    start(rank=0, ranks=2)
    start(rank=1, ranks=2)
    save(1, "new", sharded=True, name="part-1")
    start(rank=0, ranks=2)
    assert resume_folder() is None


def test_a_rank_may_save_its_part_before_rank_0_has_begun(start: Start) -> None:
    for rank in (1, 0):
        start(rank=rank, ranks=2, TRAINSTACK_LAUNCH="launch-1")
        save(1, f"1/{rank}", sharded=True, name=f"part-{rank}")
    start()
    assert [resumed(f"part-{part}") for part in range(2)] == ["1/0", "1/1"]


def test_shards_belong_together_when_one_node_has_restarted_its_ranks(start: Start) -> None:
    for rank, restarts in ((0, "1"), (1, "0")):
        env = {"TRAINSTACK_LAUNCH": "round-2", "TORCHELASTIC_RESTART_COUNT": restarts}
        start(rank=rank, ranks=2, **env)
        save(1, f"1/{rank}", sharded=True, name=f"part-{rank}")
    start()
    assert [resumed(f"part-{part}") for part in range(2)] == ["1/0", "1/1"]


@pytest.mark.parametrize("error", [StorageError, StorageRefusalError])
def test_storage_that_refuses_to_prune_does_not_undo_a_save(
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: type[OSError],
) -> None:
    def refuse(self: RunFolder, saved: str) -> None:
        raise error("AccessDenied")

    start(TRAINSTACK_CHECKPOINT_KEEP="1")
    save(1)
    monkeypatch.setattr(RunFolder, "prune", refuse)
    save(2)
    assert steps() == [1, 2]
    assert "outdated checkpoints stay: AccessDenied" in "".join(capfd.readouterr())


def test_shards_saved_before_are_left_alone(start: Start) -> None:
    for content in ("first", "second"):
        for rank in range(2):
            start(rank=rank, ranks=2)
            save(1, content, sharded=True, name=f"part-{rank}")
    start()
    assert (resumed("part-0"), resumed("part-1")) == ("first", "first")


def test_a_rank_that_saves_a_step_again_does_not_touch_its_part(start: Start) -> None:
    start(rank=0, ranks=2)
    save(1, "first", sharded=True, name="part-0")
    save(1, "second", sharded=True, name="part-0")
    start(rank=1, ranks=2)
    save(1, "first", sharded=True, name="part-1")
    save(1, "second", sharded=True, name="part-1")
    start()
    assert (resumed("part-0"), resumed("part-1")) == ("first", "first")


def test_a_rank_may_try_again_to_save_its_part(start: Start) -> None:
    start(rank=0, ranks=2)
    save(1, "0", sharded=True, name="part-0")
    start(rank=1, ranks=2)
    crash_while_saving(1, sharded=True)
    save(1, "1", sharded=True, name="part-1")
    start()
    assert (resumed("part-0"), resumed("part-1")) == ("0", "1")


@pytest.mark.parametrize("sharded", [False, True])
def test_what_was_just_saved_is_kept_though_its_step_is_lower(start: Start, sharded: bool) -> None:
    start(ranks=2 if sharded else 1, TRAINSTACK_CHECKPOINT_KEEP="2")
    for step in (10, 20, 30):
        save(step)
    save(5, sharded=sharded)
    assert steps() == [5, 20, 30]
    save(40)
    assert steps() == [30, 40]


def test_the_last_n_are_kept(start: Start) -> None:
    start(TRAINSTACK_CHECKPOINT_KEEP="2")
    for step in (1, 2, 3, 4):
        save(step)
    assert steps() == [3, 4]
    start()
    assert resumed() == "4"


def test_a_version_resumes_its_stopped_predecessor(start: Start) -> None:
    start("v1")
    save(7)
    start("v2")
    assert resumed() == "7"
    save(1, "own")
    start("v2")
    assert resumed() == "own"
    assert steps("v1") == [7]


def test_the_predecessor_is_the_one_that_ran_last(start: Start) -> None:
    start("v1")
    save(7)
    start("v2")
    save(8)
    start("v1")
    start("v3")
    assert resumed() == "7"


def test_a_predecessor_that_saved_nothing_is_passed_over(start: Start) -> None:
    start("v1")
    save(7)
    start("v2")
    start("v3")
    assert resumed() == "7"


def test_a_finished_predecessor_ends_the_search(start: Start) -> None:
    start("v1")
    save(7)
    start("v2")
    save(8)
    finish(Success())
    start("v3")
    assert resume_folder() is None


def test_other_stacks_are_none_of_its_predecessors(start: Start) -> None:
    start("v1", TRAINSTACK_STACK="colleague")
    save(7)
    start("v2")
    assert resume_folder() is None


@pytest.mark.parametrize("named", ["v1", "digits/v1"])
def test_resume_from_takes_a_finished_one(start: Start, named: str) -> None:
    start("v1")
    save(7)
    finish(Success())
    start("v2", TRAINSTACK_CHECKPOINT_RESUME_FROM=named)
    assert resumed() == "7"
    save(8)
    start("v2", TRAINSTACK_CHECKPOINT_RESUME_FROM=named)
    assert resumed() == "8"


def test_resume_from_nothing_is_an_error(start: Start) -> None:
    with pytest.raises(ValueError, match=r"resume_from: there is no complete checkpoint of x/v0"):
        start(TRAINSTACK_CHECKPOINT_RESUME_FROM="x/v0")


def test_finished_stays_finished(start: Start) -> None:
    start()
    assert finished_before() is None
    success = Success(4, 2, 1, 12.5, {"accuracy": 0.9}, decks=["s3://runs/decks", "deck"])
    finish(success)
    start()
    assert finished_before() == success
    start("v1-a2")
    assert finished_before() is None


def test_a_node_without_rank_0_finishes_nothing(start: Start) -> None:
    start()
    finish(Success(rank_zero=False))
    assert finished_before() is None


def test_ranks_of_one_launch_agree_although_a_pod_saves_meanwhile(start: Start) -> None:
    elastic = {"PET_NNODES": "1:2", "PET_RDZV_ENDPOINT": "store:1", "MASTER_PORT": "41"}
    start()
    save(1)
    start(rank=0, ranks=2, **elastic)
    save(2)
    start(rank=1, ranks=2, **elastic)
    assert resumed() == "1"
    start(rank=1, ranks=2, **{**elastic, "MASTER_PORT": "42"})
    assert resumed() == "2"


def test_the_first_to_write_wins(start: Start) -> None:
    start()
    said: list[bytes] = []
    threads = [
        threading.Thread(target=lambda n=n: said.append(root().first("x/y", str(n).encode())))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 8
    assert len(set(said)) == 1


@pytest.mark.parametrize("step", [-1, 1.0, True, "1"])
def test_a_step_is_a_whole_number(start: Start, step: object) -> None:
    start()
    with pytest.raises(ValueError, match="must be a number of 0 or more"), save_folder(step):  # type: ignore[arg-type]
        pass


def test_without_a_checkpoint_nothing_can_be_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRAINSTACK_CHECKPOINT_FOLDER", "TRAINSTACK_RESUME_FOLDER"):
        monkeypatch.delenv(name, raising=False)
    prepare(Place())
    assert resume_folder() is None
    with pytest.raises(ValueError, match="give the job a checkpoint"), save_folder(1):
        pass


def test_a_volume_has_a_folder_for_what_programs_keep_themselves(
    start: Start, request: pytest.FixtureRequest
) -> None:
    start()
    own = os.environ.get("TRAINSTACK_SAVE_FOLDER")
    if "bucket" in request.node.name:
        assert own is None
    else:
        assert own is not None
        Path(own, "mine").touch()
        start()
        assert Path(os.environ["TRAINSTACK_SAVE_FOLDER"], "mine").exists()


def test_a_buckets_files_leave_the_pod(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = s3.env(tmp_path, "kept")
    address = "s3://runs/kept/digits/v1/artifacts"
    folder = tmp_path / "digits/v1/artifacts"
    env |= {"TRAINSTACK_ARTIFACTS": str(folder), "TRAINSTACK_ARTIFACTS_ADDRESS": address}
    env |= {"TRAINSTACK_RUN": "digits", "TRAINSTACK_VERSION": "v1", "RANK": "0"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    place = storage()
    assert place is not None
    weights = tmp_path / "elsewhere/model"
    weights.mkdir(parents=True)
    (weights / "a.pt").write_bytes(b"a")
    assert place.keep("decks/loss.html", b"<p>") == f"{address}/decks/loss.html"
    assert place.take("result/model", weights) == f"{address}/result/model"
    save(3)
    kept = [key for key in s3.objects() if key.startswith("kept/")]
    name = next(key for key in kept if key.endswith("/model")).split("/")[3]
    assert kept == [
        "kept/digits/v1/artifacts/decks/loss.html",
        "kept/digits/v1/artifacts/result/model/a.pt",
        f"kept/digits/v1/saved/{name}.0-of-1",
        f"kept/digits/v1/{name}/model",
    ]
    assert not list(tmp_path.glob("saving-*"))


def test_a_pod_keeps_only_what_it_needs_of_a_bucket(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**s3.env(tmp_path, "disk"), "TRAINSTACK_RUN": "digits"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "saving-999999999-x").mkdir()
    for step in (1, 2):
        prepare(Place())
        save(step)
    prepare(Place())
    assert resumed() == "2"
    files = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(files) == ["fetching", "model"]
    assert not list(tmp_path.glob("saving-*"))


def test_a_pod_forgets_what_did_not_reach_the_bucket(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**s3.env(tmp_path, "lost"), "TRAINSTACK_RUN": "digits"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / f"saving-{os.getpid()}-1-of-another-with-this-number").mkdir()
    prepare(Place())
    crash_while_saving(1, sharded=True)
    assert not list(tmp_path.glob("saving-*"))
    monkeypatch.setenv("TRAINSTACK_CHECKPOINT_URL", "s3://absent/team")
    with pytest.raises(StorageRefusalError, match="NoSuchBucket"):
        save(1)
    assert not list(tmp_path.glob("saving-*"))


class Answer(BaseHTTPRequestHandler):
    """The same error whatever is asked; its code is the path's first part."""

    def do_GET(self) -> None:
        code = urlsplit(self.path).path.split("/")[1]
        body = f"<Error><Code>{code}</Code></Error>".encode()
        self.send_response(403 if code in REFUSALS else 409)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def refuses() -> Iterator[str]:
    """Address of a store with that answer."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDenied", StorageRefusalError),
        ("InvalidAccessKeyId", StorageRefusalError),
        ("SignatureDoesNotMatch", StorageRefusalError),
        ("OperationAborted", StorageError),
    ],
)
def test_only_what_may_change_is_tried_again(
    tmp_path: Path, s3: S3, refuses: str, code: str, error: type[OSError]
) -> None:
    env = {**s3.env(tmp_path), "TRAINSTACK_CHECKPOINT_ENDPOINT": refuses}
    found = root_from_env({**env, "TRAINSTACK_CHECKPOINT_URL": f"s3://{code}/team"})
    assert found is not None
    with pytest.raises(OSError, match=code) as caught:
        found.names("digits")
    assert type(caught.value) is error
    assert isinstance(caught.value, RecoverableError) == (error is StorageError)


def test_a_bucket_without_keys_client_or_address_is_refused(
    tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    def error(**said: str) -> str:
        found = root_from_env({**s3.env(tmp_path), **said})
        assert found is not None
        with pytest.raises(StorageRefusalError) as caught:
            found.names("digits")
        return str(caught.value)

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    elsewhere = s3.endpoint.replace("127.0.0.1", "localhost")
    assert error(TRAINSTACK_CHECKPOINT_ENDPOINT=elsewhere) == (
        "s3://runs/team/digits: Unable to locate credentials"
    )
    assert "Invalid endpoint: nowhere" in error(TRAINSTACK_CHECKPOINT_ENDPOINT="nowhere")
    monkeypatch.setitem(sys.modules, "boto3.exceptions", None)
    assert error() == "s3://runs/team: boto3 is not in the image"


def test_a_bucket_that_is_not_there_is_named(tmp_path: Path, s3: S3) -> None:
    env = {**s3.env(tmp_path), "TRAINSTACK_CHECKPOINT_URL": "s3://absent/team"}
    found = root_from_env(env)
    assert found is not None
    with pytest.raises(StorageRefusalError, match=r"s3://absent/team/digits: .*NoSuchBucket"):
        found.names("digits")


def test_a_volume_that_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits").write_text("a file is in the way")
    monkeypatch.setenv("TRAINSTACK_CHECKPOINT_FOLDER", str(tmp_path))
    monkeypatch.setenv("TRAINSTACK_RUN", "digits")
    with pytest.raises(OSError, match="digits"):
        prepare(Place())
