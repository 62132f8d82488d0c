"""What the environment says about a launch."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from images.runtime.trainstack_runtime import cpus
from images.runtime.trainstack_runtime.endpoint import Endpoint
from images.runtime.trainstack_runtime.settings import RDZV_DEFAULTS, Mode, Settings, SettingsError

ELASTIC = {
    "PET_NNODES": "1:4",
    "PET_NPROC_PER_NODE": "8",
    "PET_RDZV_BACKEND": "c10d",
    "PET_RDZV_ENDPOINT": "run-1-master-0:23456",
    "PET_RDZV_ID": "run-1",
    "PET_RDZV_CONF": "is_host=0,join_timeout=60",
    "PET_MAX_RESTARTS": "10",
    "PET_MONITOR_INTERVAL": "0.5",
    "PET_NODE_RANK": "1",
    "PET_MASTER_ADDR": "run-1-master-0",
    "PET_MASTER_PORT": "23456",
}
STATIC = {
    "PET_NNODES": "2",
    "PET_NODE_RANK": "1",
    "PET_MASTER_ADDR": "run-1-master-0",
    "PET_MASTER_PORT": "23456",
}


def test_an_elastic_pod_of_the_operator() -> None:
    settings = Settings.from_env(ELASTIC)
    assert settings.mode is Mode.ELASTIC
    assert (settings.min_nodes, settings.max_nodes, settings.processes()) == (1, 4, 8)
    assert settings.endpoint == Endpoint("run-1-master-0", 23456)
    assert settings.rdzv == {**RDZV_DEFAULTS, "is_host": "0", "join_timeout": "60"}
    assert (settings.max_restarts, settings.monitor_interval) == (10, 0.5)
    assert settings.join_seconds == 60


def test_a_pod_of_fixed_nodes() -> None:
    settings = Settings.from_env(STATIC)
    assert settings.mode is Mode.STATIC
    assert settings.master == Endpoint("run-1-master-0", 23456)
    assert settings.node_rank == 1


@pytest.mark.parametrize("env", [{}, {"PET_NNODES": "1"}, {**STATIC, "PET_NNODES": "1:1"}])
def test_one_node_needs_no_meeting_point(env: dict[str, str]) -> None:
    assert Settings.from_env(env).mode is Mode.SINGLE


@pytest.mark.parametrize(
    ("grace", "saving"), [("30", 25), ("600", 595), ("6", 1), ("5", 1), ("0", 1), ("", 25)]
)
def test_the_time_to_save_leaves_a_margin(grace: str, saving: int) -> None:
    assert Settings.from_env({"TRAINSTACK_GRACE_SECONDS": grace}).saving_seconds == saving


@pytest.mark.parametrize(
    ("env", "error"),
    [
        ({"PET_NNODES": "two"}, "PET_NNODES: got 'two': must be 'n' or 'min:max'"),
        ({"PET_NNODES": "3:2"}, "PET_NNODES: got '3:2'"),
        ({"PET_NNODES": "0"}, "PET_NNODES: got '0'"),
        ({"PET_NNODES": "2"}, "nothing says where the nodes meet"),
        ({**STATIC, "PET_NNODES": "1:2"}, "a range of nodes needs PET_RDZV_ENDPOINT"),
        ({**STATIC, "PET_MAX_RESTARTS": "1"}, "cannot restart in place"),
        ({**ELASTIC, "PET_RDZV_BACKEND": "static"}, "PET_NNODES: a range"),
        ({**ELASTIC, "PET_RDZV_BACKEND": "etcd"}, "PET_RDZV_BACKEND: got 'etcd'"),
        ({"PET_MAX_RESTARTS": "-1"}, "PET_MAX_RESTARTS: got '-1': must be a whole number"),
        ({"PET_MONITOR_INTERVAL": "0"}, "PET_MONITOR_INTERVAL: got '0'"),
        ({"PET_MONITOR_INTERVAL": "nan"}, "PET_MONITOR_INTERVAL: got 'nan'"),
        ({"PET_RDZV_CONF": "a=1,b"}, "PET_RDZV_CONF: got 'b': must be 'key=value,key=value'"),
        (
            {"PET_RDZV_CONF": "join_timeout=soon"},
            "PET_RDZV_CONF: join_timeout=soon: must be a whole number above 0",
        ),
        ({"PET_RDZV_CONF": "last_call_timeout=0"}, "PET_RDZV_CONF: last_call_timeout=0: must"),
        ({"PET_RDZV_CONF": "keep_alive_interval=0.5"}, "PET_RDZV_CONF: keep_alive_interval=0.5"),
        ({"PET_RDZV_ENDPOINT": "host:many"}, "PET_RDZV_ENDPOINT: got 'host:many'"),
        ({"TRAINSTACK_START_METHOD": "thread"}, "allowed: spawn, fork"),
        ({"TRAINSTACK_GRACE_SECONDS": "1m"}, "TRAINSTACK_GRACE_SECONDS: got '1m'"),
    ],
)
def test_what_cannot_be_read_is_named(env: dict[str, str], error: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    assert error in str(caught.value)


@pytest.mark.parametrize("nproc", ["0", "-1", "many", "1.5"])
def test_processes_must_be_a_number_or_known(nproc: str) -> None:
    with pytest.raises(SettingsError, match="PET_NPROC_PER_NODE"):
        Settings.from_env({"PET_NPROC_PER_NODE": nproc}).processes()


@pytest.mark.parametrize(("gpus", "processes"), [(0, 3), (8, 8)])
def test_auto_is_a_process_for_each_gpu_else_for_each_cpu_of_the_container(
    monkeypatch: pytest.MonkeyPatch, gpus: int, processes: int
) -> None:
    torch = SimpleNamespace(cuda=SimpleNamespace(device_count=lambda: gpus))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    monkeypatch.setattr(cpus, "cpu_limit", lambda *_: 3.5)
    assert Settings.from_env({"PET_NPROC_PER_NODE": "auto"}).processes() == processes
    assert Settings.from_env({"PET_NPROC_PER_NODE": "cpu"}).processes() == 3


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("store:1", Endpoint("store", 1)),
        ("store", Endpoint("store", 29400)),
        ("[fd00::1]:23456", Endpoint("fd00::1", 23456)),
        ("[fd00::1]", Endpoint("fd00::1", 29400)),
    ],
)
def test_endpoints(text: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(text) == endpoint
    assert Endpoint.parse(str(endpoint)) == endpoint


@given(st.text())
def test_an_endpoint_is_read_or_refused(text: str) -> None:
    try:
        endpoint = Endpoint.parse(text)
    except ValueError:
        return
    assert endpoint.host
    assert 0 <= endpoint.port <= 65535


def test_nobody_answers() -> None:
    with pytest.raises(TimeoutError, match=r"127\.0\.0\.1:9"):
        Endpoint("127.0.0.1", 9).wait(0)
