"""The ConfigMap that carries a program's source and inputs to the pods."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from .inputs import mapped, text
from .job_args import JobArgs
from .json_values import to_json
from .model import TrainstackError
from .program import INPUTS
from .run import Run
from .source import LARGEST, Source


def source_map(source: Source | None, spec: JobArgs, run: Run, where: str) -> dict[str, Any]:
    """An immutable ConfigMap, named by a hash of what is in it."""
    inputs = _inputs(source, spec, where)
    data = {} if inputs is None else {INPUTS: inputs}
    binary = {}
    if source is not None and isinstance(source.content, bytes):
        binary[source.filename] = base64.b64encode(source.content).decode()
    elif source is not None:
        data[source.filename] = source.content
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "labels": run.labels,
            "name": text(run.job_name, "-program-", _digest(source, inputs)),
            "namespace": spec.namespace,
        },
        **({"binaryData": binary} if binary else {}),
        **({"data": data} if data else {}),
        "immutable": True,
    }


def _inputs(source: Source | None, spec: JobArgs, where: str) -> Any:
    """The inputs as JSON, or None without any."""
    if spec.program is None or not spec.program.inputs:
        return None
    room = LARGEST - (len(source.content) if source else 0)

    def written(values: Any) -> str:
        inputs = to_json(values)
        if len(inputs) > room:
            raise TrainstackError(
                f"{where}: program.inputs: {len(inputs):,} bytes as JSON, above the {room:,} that "
                "a ConfigMap has room for; put large data into the image or on a volume"
            )
        return inputs

    return mapped(spec.program.inputs, written)


def _digest(source: Source | None, inputs: Any) -> Any:
    own = source.digest if source else ""
    if inputs is None:
        return own[:8]
    return mapped(inputs, lambda said: hashlib.sha256(f"{own}\0{said}".encode()).hexdigest()[:8])
