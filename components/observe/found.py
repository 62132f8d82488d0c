"""The runs that are looked at, from a stack's state or by their labels in a namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..spec.model import TrainstackError
from ..spec.run import PREFIX
from ..status import RunRef
from .objects import labelled
from .place import Place, answering
from .pulumi_stack import PulumiStack
from .stack_run import StackRun, stack_runs

KINDS = (
    ("batch/v1", "Job"),
    ("kubeflow.org/v1", "PyTorchJob"),
    ("kubeflow.org/v1", "TFJob"),
    ("kubeflow.org/v2beta1", "MPIJob"),
)
"""What a run's object may be."""


@dataclass(frozen=True)
class Found:
    """A run, and where it is."""

    ref: RunRef
    kind: str
    """The component's."""
    run: str
    version: str
    place: Place
    stack_run: StackRun | None = None
    """What a stack's state says of it."""


@dataclass(frozen=True)
class Scope:
    """Where runs are looked for."""

    folder: Path
    stack: str | None = None
    namespace: str | None = None
    place: Place = field(default_factory=Place)

    def runs(self) -> tuple[Found, ...]:
        """All runs there, by name.

        Of the stack when one is named, or when there is a `Pulumi.yaml` and no namespace is named;
        else by their labels in the namespace, by default the context's. Raises `TrainstackError`
        when the stack or the cluster does not tell.
        """
        if self.stack or (self.namespace is None and (self.folder / "Pulumi.yaml").exists()):
            return self._of_stack()
        return self._labelled(self.namespace or self.place.namespace())

    def _of_stack(self) -> tuple[Found, ...]:
        runs = stack_runs(PulumiStack(self.folder, self.stack).state())
        return tuple(
            Found(
                RunRef.of(run.manifest),
                run.kind,
                run.name,
                run.version,
                self.place.over(Place.of_provider(run.provider)),
                run,
            )
            for run in runs
            if self.namespace in (None, run.namespace)
        )

    def _labelled(self, namespace: str) -> tuple[Found, ...]:
        api = self.place.connect()
        with answering():
            objects = [
                found for kind in KINDS for found in labelled(api, namespace, kind, f"{PREFIX}run")
            ]
        runs = (_labelled_run(manifest, self.place) for manifest in objects)
        return tuple(sorted(runs, key=lambda found: (found.run, found.version)))


def chosen(runs: Sequence[Found], name: str | None) -> tuple[Found, ...]:
    """The runs with this run name or job name; all of them when there is no name.

    Raises `TrainstackError` when there is none.
    """
    found = tuple(run for run in runs if name in (None, run.run, run.ref.name))
    if not found and name is not None:
        known = ", ".join(sorted({run.run for run in runs})) or "none"
        raise TrainstackError(f"no run {name!r} here; there are: {known}")
    return found


def one(runs: Sequence[Found], name: str) -> Found:
    """The run with this run name or job name.

    Raises `TrainstackError` when there is none, or more than one.
    """
    found = chosen(runs, name)
    if len(found) > 1:
        names = ", ".join(run.ref.name for run in found)
        raise TrainstackError(f"several runs {name!r}; name one of them: {names}")
    return found[0]


def _labelled_run(manifest: Mapping[str, Any], place: Place) -> Found:
    labels = manifest["metadata"]["labels"]
    return Found(
        RunRef.of(manifest),
        labels.get(f"{PREFIX}kind") or manifest["kind"],
        labels[f"{PREFIX}run"],
        labels.get(f"{PREFIX}version") or "",
        place,
    )
