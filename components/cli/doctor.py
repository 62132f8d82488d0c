"""`trainstack doctor`: what is wrong with a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import told
from .options import HERE, AsJson, Context, Folder, Kubeconfig, Namespace, OneRun, Stack
from .text import as_json as to_json

if TYPE_CHECKING:
    from ..doctor.evidence import Evidence
    from ..doctor.finding import Finding

Output = Annotated[
    Path | None,
    typer.Option(
        "--output", metavar="FILE", help="Also write all that was collected into a .tar.gz."
    ),
]


def doctor(
    run: OneRun,
    *,
    output: Output = None,
    stack: Stack = None,
    namespace: Namespace = None,
    folder: Folder = HERE,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    as_json: AsJson = False,
) -> None:
    """Say in plain words what is wrong with a run and what to do about it.

    Looks at the job, its pods, events, logs and nodes, and at its operator. Secrets are removed.
    """
    from ..doctor.bundle import bundle_files, redaction_for, write_bundle
    from ..doctor.collecting import Collector
    from ..doctor.diagnosis import diagnose
    from ..observe.found import Scope, one
    from ..observe.place import Place, answering

    with told():
        found = one(Scope(folder, stack, namespace, Place(kubeconfig, context)).runs(), run)
        with answering():
            evidence = Collector(found.place.connect()).collect(found.ref)
        redaction = redaction_for(evidence)
        said = redaction.object(_as_json(evidence, diagnose(evidence)))
        text = "\n".join(_lines(said)) + "\n"
        if output is not None:
            fields = found.stack_run.fields if found.stack_run else None
            files = bundle_files(evidence, redaction, fields)
            write_bundle({"diagnosis.txt": text, **files}, output)
    typer.echo(to_json(said) if as_json else text.rstrip("\n"))
    if output is not None:
        typer.echo(
            f"written, without secrets: {output}; look through it before you send it", err=True
        )


def _as_json(evidence: Evidence, findings: Sequence[Finding]) -> dict[str, Any]:
    from ..observe.shown import GONE
    from ..status.phase import phase_of

    ref, look = evidence.ref, evidence.look
    return {
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "phase": phase_of(look).value if look else GONE,
        "findings": [finding.as_json() for finding in findings],
        "unread": list(evidence.unread),
    }


def _lines(said: dict[str, Any]) -> Iterator[str]:
    head = f"{said['kind']} {said['namespace']}/{said['name']}: {said['phase']}"
    if not said["findings"]:
        yield f"{head}; nothing is wrong with it"
    else:
        yield head
    for number, finding in enumerate(said["findings"], start=1):
        yield f"{number}. {finding['what']}"
        yield from (f"     {line}" for line in finding["lines"])
        if finding["advice"]:
            yield f"   -> {finding['advice']}"
    if said["unread"]:
        yield f"could not be read: {'; '.join(said['unread'])}"
