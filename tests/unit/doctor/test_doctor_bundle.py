"""What is in the archive that the doctor writes."""

from __future__ import annotations

import stat
import tarfile
from pathlib import Path

import pytest

from tests.support import looks
from trainstack.doctor.bundle import bundle_files, redaction_for, write_bundle
from trainstack.doctor.evidence import Evidence
from trainstack.spec.model import TrainstackError
from trainstack.status import Look, RunRef


def evidence() -> Evidence:
    pod = looks.worker(0)
    pod["spec"]["containers"][0]["env"] = [{"name": "MY_TOKEN", "value": "hunter2hunter2"}]
    return Evidence(
        ref=RunRef("kubeflow.org/v1", "PyTorchJob", "team", "run-v1"),
        look=Look(looks.job(looks.PYTORCHJOB, {}), [pod]),
        events=(looks.event("Pulled", "Image hunter2hunter2"),),
        logs={"run-v1-worker-0/pytorch (before)": "T1 the token is hunter2hunter2\n"},
        unread=("nodes: 403 Forbidden",),
    )


def test_files() -> None:
    files = bundle_files(evidence(), redaction_for(evidence()), {"env": {"MY_TOKEN": "other123"}})
    assert sorted(files) == [
        "events.yaml",
        "job.yaml",
        "logs/run-v1-worker-0.pytorch(before).log",
        "pods.yaml",
        "stack.json",
        "unread.txt",
    ]
    whole = "".join(files.values())
    assert "hunter2" not in whole
    assert "other123" not in whole
    assert files["unread.txt"] == "nodes: 403 Forbidden\n"
    assert "name: MY_TOKEN" in files["pods.yaml"]


def test_an_archive_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar.gz"
    write_bundle({"diagnosis.txt": "all is well\n", "logs/a.log": "x"}, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as archive:
        assert archive.getnames() == ["bundle/diagnosis.txt", "bundle/logs/a.log"]
        member = archive.extractfile("bundle/diagnosis.txt")
        assert member is not None
        assert member.read() == b"all is well\n"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TrainstackError, match="cannot be written: No such file or directory"):
        write_bundle({}, tmp_path / "no" / "bundle.tar.gz")
