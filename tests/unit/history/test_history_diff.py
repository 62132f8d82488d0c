"""The manifests of two commits beside each other."""

from __future__ import annotations

from typing import Any

import pytest

from trainstack.history.manifest_diff import ObjectDiff, manifest_diff


def job(version: str, image: str = "a:1", kind: str = "Job", **rest: Any) -> dict[str, Any]:
    labels = {"trainstack.dev/run": "digits"}
    metadata = {"name": f"digits-{version}", "namespace": "team", "labels": labels}
    return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "image": image, **rest}


CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}}


@pytest.mark.parametrize(("before", "after"), [([], []), ([job("1"), CLAIM], [CLAIM, job("1")])])
def test_nothing_differs(before: list[Any], after: list[Any]) -> None:
    assert manifest_diff(before, after) == ()


def test_versions_of_a_run_stand_beside_each_other() -> None:
    [diff] = manifest_diff([CLAIM, job("1")], [CLAIM, job("2", "a:2")])
    assert (diff.before, diff.after) == ("Job.batch team/digits-1", "Job.batch team/digits-2")
    assert diff.diff.splitlines() == [
        "--- Job.batch team/digits-1",
        "+++ Job.batch team/digits-2",
        "@@ -1,8 +1,8 @@",
        " apiVersion: batch/v1",
        "-image: a:1",
        "+image: a:2",
        " kind: Job",
        " metadata:",
        "   labels:",
        "     trainstack.dev/run: digits",
        "-  name: digits-1",
        "+  name: digits-2",
        "   namespace: team",
    ]


def test_what_is_new_and_what_is_gone() -> None:
    added, gone = manifest_diff([job("1")], [CLAIM])
    assert added == ObjectDiff(
        None,
        "PersistentVolumeClaim data",
        "--- /dev/null\n+++ PersistentVolumeClaim data\n@@ -0,0 +1,4 @@\n"
        "+apiVersion: v1\n+kind: PersistentVolumeClaim\n+metadata:\n+  name: data\n",
    )
    assert (gone.before, gone.after) == ("Job.batch team/digits-1", None)


def test_archives_are_named_by_their_digest() -> None:
    [diff] = manifest_diff(
        [job("1", binaryData={"package.tar.bz2": "YQ=="})],
        [job("1", binaryData={"package.tar.bz2": "Yg=="})],
    )
    changed = [line for line in diff.diff.splitlines() if line[:4] in ("-  p", "+  p")]
    assert changed == [
        "-  package.tar.bz2: '1 bytes, sha256 "
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'",
        "+  package.tar.bz2: '1 bytes, sha256 "
        "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d'",
    ]
