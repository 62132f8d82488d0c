"""How many threads a rank gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from images.runtime.trainstack_runtime import cpus


@pytest.mark.parametrize(
    ("membership", "files", "limit"),
    [
        ("0::/\n", {"cpu.max": "400000 100000\n"}, 4.0),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "150000 100000\n"}, 1.5),
        ("0::/pods/x\n", {"cpu.max": "200000 100000\n"}, 2.0),
        (
            "4:memory:/x\n3:cpu,cpuacct:/pods/x\n",
            {"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            3.0,
        ),
        (
            "3:cpu:/pods/x\n0::/\n",
            {"cpu/pods/x/cpu.cfs_quota_us": "-1\n", "cpu/pods/x/cpu.cfs_period_us": "100000\n"},
            None,
        ),
        ("", {}, None),
    ],
    ids=[
        "v2",
        "v2 without",
        "v2 parent",
        "v2 host path",
        "v1 in a container",
        "v1 without",
        "none",
    ],
)
def test_the_limit_of_control_groups(
    tmp_path: Path, membership: str, files: dict[str, str], limit: float | None
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert cpus.cpu_limit(membership, tmp_path) == limit


@pytest.mark.parametrize(
    ("allowed", "limit", "ranks", "threads"),
    [(16, None, 4, 4), (16, 8.0, 4, 2), (16, 1.5, 1, 1), (2, 8.0, 1, 2), (16, 0.5, 8, 1)],
)
def test_ranks_share_what_there_is(
    monkeypatch: pytest.MonkeyPatch, allowed: int, limit: float | None, ranks: int, threads: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(allowed)))
    monkeypatch.setattr(cpus, "cpu_limit", lambda *_: limit)
    assert cpus.threads(ranks) == threads
