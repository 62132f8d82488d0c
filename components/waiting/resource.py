"""The child of a job that waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from ..cluster_provider import cluster_to_read
from ..spec.inputs import mapped
from ..spec.job_args import JobArgs
from .target import Target

if TYPE_CHECKING:
    from ..job import TrainingJob

_WHICH_RUN = ("kind", "namespace", "name", "wait")


class _Waiter(ResourceProvider):
    """Polls the job in `create`; a failed wait is not in state, so the next `up` waits again."""

    serialize_as_secret_always = False

    def create(self, props: Any) -> CreateResult:
        from .call import Call
        from .poll import wait
        from .witness import RunFailedError

        target, call = Target.from_props(props), Call.current()
        try:
            outcome = wait(target, call.tell)
        except RunFailedError as error:
            call.fail(error)
        return CreateResult(target.name, {**props, **outcome})

    def diff(self, _id: str, _olds: Any, _news: Any) -> DiffResult:
        replaces = [key for key in _WHICH_RUN if _olds.get(key) != _news.get(key)]
        return DiffResult(changes=bool(replaces), replaces=replaces, delete_before_replace=True)

    def update(self, _id: str, _olds: Any, _news: Any) -> UpdateResult:
        return UpdateResult({**_olds, **_news})


class RunWait(Resource):
    """Exists once the job has got as far as was asked."""

    status: pulumi.Output[dict[str, Any] | None]
    result: pulumi.Output[Any]
    decks: pulumi.Output[dict[str, str] | None]

    def __init__(self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(
            _Waiter(), name, {**props, "decks": None, "status": None, "result": None}, opts
        )


def wait_for(
    job: TrainingJob, name: str, spec: JobArgs, manifest: dict[str, Any], where: str
) -> RunWait:
    """Register the waiting child of `job`."""
    cluster = cluster_to_read(job, spec.cluster, f"wait: got {spec.wait!r}", where)
    group, version = manifest["apiVersion"].split("/")

    def props(parts: Any) -> dict[str, Any]:
        return Target(
            kind=manifest["kind"],
            group=group,
            version=version,
            name=parts[0],
            namespace=parts[1],
            wait=spec.wait,
            timeout=spec.timeout,
            kubeconfig=cluster.config_file,
            context=cluster.context,
        ).to_props()

    metadata = manifest["metadata"]
    known = mapped([metadata["name"], metadata["namespace"]], props)
    if isinstance(known, dict):
        fields = known
    else:
        fields = {key: known.apply(_field(key)) for key in Target.__dataclass_fields__}
    return RunWait(
        f"{name}-wait",
        fields,
        pulumi.ResourceOptions(parent=job, depends_on=[job.job], hide_diffs=["__provider"]),
    )


def _field(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda props: props.get(key)
