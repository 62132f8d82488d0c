"""`Kueue`: the controller behind queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from ..spec.model import TrainstackError, parse
from .component import OperatorComponent
from .kueue_args import KueueArgs
from .kueue_render import read_kueue_upstream, render_kueue


class Kueue(OperatorComponent):
    """Installs Kueue; a `Queue` that names it as `operator` waits until it is ready.

    Ready means: the kinds of queues are served, the controller's pods run, and its webhooks
    answer. Of jobs it looks only at those with a queue. Fields: `KueueArgs`. Installed are the
    manifests of a pinned release, which `trainstack operators fetch` puts into the user's cache
    once; a preview downloads nothing and needs no cluster. Only one can be in a cluster.
    Raises `TrainstackError` that names the field, or the command that fetches the manifests.

    >>> kueue = Kueue("kueue", {"kinds": ["Job", "PyTorchJob"]})             # doctest: +SKIP
    >>> Queue("gpus", {..., "operator": kueue})                              # doctest: +SKIP
    """

    kinds: pulumi.Output[list[str]]
    """Job kinds that queues hold back."""

    def __init__(
        self,
        name: str,
        args: KueueArgs | Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        where = f"Kueue {name!r}"
        spec = parse(KueueArgs, args, where)
        try:
            manifests = render_kueue(spec, read_kueue_upstream(spec))
        except TrainstackError as error:
            raise TrainstackError(f"{where}: {error}") from None
        kinds: list[str] = list(spec.kinds)
        super().__init__(name, spec, manifests, opts, shown={"kinds": kinds}, where=where)
        self.kinds = pulumi.Output.from_input(kinds)
        self.register_outputs(
            {"kinds": self.kinds, "namespace": self.namespace, "ready": self.ready}
        )
