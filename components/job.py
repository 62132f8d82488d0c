"""`TrainingJob`: the one base component of every job kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi

from .cluster_provider import cluster_to_read, on_cluster
from .commands import commands
from .cost import run_cost
from .in_place import replacing
from .kind import Kind
from .kube import Manifest
from .not_waited import NoneWhileSuspended, NotWaited
from .placing import check_fits, placed
from .same_name import claim_name
from .spec.grace import longest_grace
from .spec.job_args import JobArgs
from .spec.model import parse
from .spec.pod import pod_count, templates
from .spec.queue import QUEUE, NamedQueue
from .spec.queue_fit import check_quotas
from .spec.run import PREFIX, STARTED_BY, Run, check_length
from .spec.source import read_source
from .spec.source_map import source_map
from .spec.version import version_of
from .summary import summary

_DELETE_MARGIN_SECONDS = 120
_NEW_WITH_EACH_RUN = f'metadata.labels["{PREFIX}version"]'
_QUEUED = f'metadata.labels["{QUEUE}"]'
_STARTED_BY = f'metadata.annotations["{STARTED_BY}"]'


class TrainingJob(pulumi.ComponentResource):
    """A run of a training job, named `<run_name>-<version>`.

    A change of what makes up the run is a new version: the old object is deleted, then the new
    one made. `suspend`, `size`, a TTL, labels and annotations change in place. Removing the job
    stops the run with its grace period; its volumes stay.
    """

    def __init__(
        self,
        kind: Kind[Any],
        name: str,
        args: JobArgs | Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        where = f"{kind.name} {name!r}"
        spec = parse(kind.args, args, where)
        source = read_source(spec.program, Path.cwd(), where)
        run_name = spec.run_name or parse_run_name(name, where)
        project, stack = pulumi.get_project(), pulumi.get_stack()
        version = version_of(kind.name, spec, source, project, stack)
        check_length(
            run_name,
            version if isinstance(version, str) else None,
            kind.longest_suffix(spec),
            where,
        )
        run = Run(kind.name, run_name, version, project, stack)
        files = None
        if spec.program is not None and spec.program.has_files:
            files = source_map(source, spec, run, where)
            run = replace(run, source_map=files["metadata"]["name"])
        manifest = kind.render(spec, run)
        in_pools = placed(spec, manifest, where)
        check_fits(in_pools, where)
        if spec.idle_gpus is not None:
            pulumi.log.warn(f"{where}: {spec.idle_gpus}")
        said = kind.summary(spec)
        deadline = spec.run_policy.active_deadline_seconds
        cost = run_cost(in_pools, said["gpus"], deadline)
        if isinstance(spec.queue, NamedQueue) and spec.queue.queue_quotas is not None:
            check_quotas(manifest, spec.queue.queue_quotas, where)
        checkpoint = spec.checkpoint and spec.checkpoint.summary(pod_count(manifest), where)
        self._on_change = spec.on_change
        super().__init__(
            f"trainstack:index:{kind.name}",
            name,
            summary({**said, "checkpoint": checkpoint, "cost": cost}, spec, source, run),
            on_cluster(spec.cluster, opts, where),
        )
        if spec.on_change == "refuse":
            from .live import refusing

            cluster = cluster_to_read(self, spec.cluster, "on_change: got 'refuse'", where)
            manifest = refusing(manifest, kind, run, cluster, where)
        claim_name(manifest, self.get_provider("kubernetes:core/v1:Pod"), where)
        needs = spec.needs
        if files is not None:
            hidden = sorted(files.keys() & {"binaryData", "data"})
            needs.append(Manifest(f"{name}-program", files, self._child(hide=hidden)))
        self.job = self._register(kind, name, manifest, needs)
        self._where = where
        self._wait, self._suspended = spec.wait, spec.suspend
        self._said: dict[str, Any] = {
            "commands": commands(manifest),
            "cost": cost,
            "decks": None,
            "job_name": run.job_name,
            "namespace": spec.namespace,
            "result": None,
            "status": None,
            "version": version,
        }
        if spec.wait != "accepted" and not spec.suspend:
            from .waiting import wait_for

            waiter = wait_for(self, name, spec, manifest, where)
            self._said.update(status=waiter.status, result=waiter.result, decks=waiter.decks)
        self.register_outputs(self._said)

    @property
    def job_name(self) -> pulumi.Output[str]:
        """Name of the job object."""
        return self._output("job_name")

    @property
    def namespace(self) -> pulumi.Output[str]:
        """Namespace of all that the job made."""
        return self._output("namespace")

    @property
    def version(self) -> pulumi.Output[str]:
        """The run's version."""
        return self._output("version")

    @property
    def commands(self) -> pulumi.Output[dict[str, str]]:
        """Shell commands: `logs`, `events`, `stop`."""
        return self._output("commands")

    @property
    def cost(self) -> pulumi.Output[Any]:
        """Of all `gpus`: US dollars `per_hour` and `at_deadline`, and `gpu_hours` until then, as
        far as known; None without GPUs."""
        return self._output("cost")

    @property
    def status(self) -> pulumi.Output[Any]:
        """With `wait="finished"`: phase, duration in seconds, world size, restarts; else None."""
        return self._when_finished("status")

    @property
    def result(self) -> pulumi.Output[Any]:
        """With `wait="finished"`: what a function returned or a program reported; else None."""
        return self._when_finished("result")

    @property
    def decks(self) -> pulumi.Output[Any]:
        """With `wait="finished"`: addresses of the HTML reports by name; else None."""
        return self._when_finished("decks")

    def _when_finished(self, name: str) -> pulumi.Output[Any]:
        output = self._output(name)
        if self._wait != "finished":
            known = f'known only with wait="finished", got wait="{self._wait}"'
            return NotWaited(output, f"{self._where}: {name}: {known}")
        return NoneWhileSuspended(output) if self._suspended else output

    def _output(self, name: str) -> pulumi.Output[Any]:
        """Made when asked for: a stack of many jobs asks for few."""
        return pulumi.Output.from_input(self._said[name])

    def _child(self, hide: list[str], **rest: Any) -> pulumi.ResourceOptions:
        first = None if self._on_change == "overlap" else True
        return pulumi.ResourceOptions(
            parent=self, delete_before_replace=first, hide_diffs=hide, **rest
        )

    def _register(
        self,
        kind: Kind[Any],
        name: str,
        manifest: dict[str, Any],
        needs: list[pulumi.Resource],
    ) -> Manifest:
        token = f"kubernetes:{manifest['apiVersion']}:{manifest['kind']}"
        grace = longest_grace(templates(manifest))
        overlaps, refuses = (self._on_change == one for one in ("overlap", "refuse"))
        replaces = replacing(manifest, sized="size" in kind.args.model_fields)
        return Manifest(
            name,
            manifest,
            self._child(
                hide=[*replaces, _NEW_WITH_EACH_RUN],
                depends_on=needs,
                # Who previews has not started the run.
                ignore_changes=[_STARTED_BY] if refuses and pulumi.runtime.is_dry_run() else [],
                # With two objects at a time, one of the same name can only be updated.
                replace_on_changes=[] if overlaps else [*replaces, _QUEUED],
                custom_timeouts=pulumi.CustomTimeouts(delete=f"{grace + _DELETE_MARGIN_SECONDS}s"),
                aliases=[pulumi.Alias(type_=other) for other in kind.targets if other != token],
            ),
        )


def parse_run_name(name: str, where: str) -> str:
    """The logical name as a run name.

    Raises `TrainstackError` when it is not a DNS label.
    """
    return str(parse(JobArgs, {"run_name": name}, f"{where}: logical name").run_name)
