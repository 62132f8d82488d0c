"""What becomes of gang jobs on a cluster, event by event."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from kubernetes import client, config

GPU = "nvidia.com/gpu"
JOB = "training.kubeflow.org/job-name"
Manifest = dict[str, Any]

_A_DAY = 86400


@dataclass
class Run:
    """A job as the cluster has it."""

    pods: int = 0
    """How many it is to have."""
    gpus: int = 0
    """Of all its pods."""
    admitted: str = ""
    """When its queue let it in, by the cluster's clock."""
    finished: bool = False
    first_pod: str = ""
    """When the first of its pods was made, by the same clock."""
    bound: dict[str, float] = field(default_factory=dict)
    """When each pod was bound to a node, by ours."""

    @property
    def whole(self) -> bool:
        """Whether all its pods have been on nodes."""
        return bool(self.bound) and len(self.bound) == self.pods


class Placements:
    """All jobs so far, on nodes and in a queue of that many GPUs."""

    def __init__(self, node_gpus: int, quota: int) -> None:
        self.runs: dict[str, Run] = {}
        self.in_use: Counter[str] = Counter()
        """GPUs by node of pods that have not ended."""
        self._node_gpus, self._quota = node_gpus, quota
        self._held: dict[str, tuple[str, int]] = {}
        self._wrong: list[str] = []
        self._lock = threading.Lock()

    def follow(self, kubeconfig: Path) -> None:
        """Take in all events of pods and of Kueue's workloads, in the order of their making."""
        api = config.new_client_from_config(str(kubeconfig))
        pods = client.CoreV1Api(api).list_pod_for_all_namespaces
        workloads = partial(
            client.CustomObjectsApi(api).list_cluster_custom_object,
            "kueue.x-k8s.io",
            "v1beta1",
            "workloads",
        )
        for ask, note in ((pods, self.pod), (workloads, self.workload)):
            threading.Thread(target=self._follow, args=(ask, note), daemon=True).start()

    def check(self) -> None:
        """Raises `AssertionError` when at any moment a node or the queue had more GPUs in use than
        it has, or a job had a pod before the queue let it in.
        """
        with self._lock:
            assert not self._wrong, self._wrong
            early = {name for name, run in self.runs.items() if "" < run.first_pod < run.admitted}
        assert not early, f"pods before the queue let them in: {early}"

    def check_whole(self) -> None:
        """Raises also when a job has some of its pods on nodes, or any without the queue's word:
        ask when nothing moves, as the events of pods and of workloads come by different ways.
        """
        self.check()
        with self._lock:
            stray = {name for name, run in self.runs.items() if run.first_pod and not run.admitted}
            half = {
                name: f"{len(run.bound)} of {run.pods} pods"
                for name, run in self.runs.items()
                if run.bound and not run.whole
            }
        assert not stray, f"pods that no queue let in: {stray}"
        assert not half, f"half placed: {half}"

    def names(self, true: Callable[[Run], bool]) -> set[str]:
        """Jobs that are so."""
        with self._lock:
            return {name for name, run in self.runs.items() if true(run)}

    def gpus_in_use(self) -> int:
        """Of all pods that are on a node and have not ended."""
        with self._lock:
            return self.in_use.total()

    def spreads(self) -> list[float]:
        """Seconds between the first and the last binding of each job, ascending."""
        with self._lock:
            bound = [run.bound.values() for run in self.runs.values() if run.bound]
        return sorted(max(times) - min(times) for times in bound)

    def _follow(self, ask: Callable[..., Any], note: Callable[[Manifest, bool], None]) -> None:
        try:
            stream = ask(watch=True, timeout_seconds=_A_DAY, _preload_content=False)
            rest = b""
            for chunk in stream.stream(1 << 16):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    event = json.loads(line)
                    with self._lock:
                        note(event["object"], event["type"] == "DELETED")
            self._wrong.append("the events have ended")
        except Exception as error:
            self._wrong.append(repr(error))

    def pod(self, pod: Manifest, gone: bool = False) -> None:
        """A pod as it is now, or as it last was."""
        metadata, spec = pod["metadata"], pod["spec"]
        job, name = metadata["labels"].get(JOB), metadata["name"]
        if job is None:
            return
        run = self.runs.setdefault(job, Run())
        made = metadata["creationTimestamp"]
        run.first_pod = min(run.first_pod or made, made)
        node = spec.get("nodeName")
        if node and name not in run.bound:
            run.bound[name] = time.monotonic()
        ended = gone or pod["status"].get("phase") in ("Succeeded", "Failed")
        before = self._held.pop(name, None)
        if before:
            self.in_use[before[0]] -= before[1]
        if node and not ended:
            gpus = sum(int(one["resources"]["limits"][GPU]) for one in spec["containers"])
            self._held[name] = node, gpus
            self.in_use[node] += gpus
            if self.in_use[node] > self._node_gpus:
                self._wrong.append(f"{self.in_use[node]} GPUs in use on {node}")

    def workload(self, workload: Manifest, gone: bool = False) -> None:
        """A workload as it is now, or as it last was."""
        (owner,) = workload["metadata"]["ownerReferences"]
        run = self.runs.setdefault(owner["name"], Run())
        sets = workload["spec"]["podSets"]
        run.pods = sum(one["count"] for one in sets)
        run.gpus = sum(
            one["count"] * int(container["resources"]["limits"][GPU])
            for one in sets
            for container in one["template"]["spec"]["containers"]
        )
        held = {
            one["type"]: one["lastTransitionTime"]
            for one in workload.get("status", {}).get("conditions", ())
            if one["status"] == "True"
        }
        run.admitted = run.admitted or held.get("Admitted", "")
        run.finished = gone or "Finished" in held
        used = sum(one.gpus for one in self.runs.values() if one.admitted and not one.finished)
        if used > self._quota:
            self._wrong.append(f"{used} GPUs let in of {self._quota}")
