"""The table of rules: what each is called, what it looks at, and what it can be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pulumi.runtime.rpc import UNKNOWN

from ..spec.model import TrainstackError
from .budget import within_cost, within_gpus
from .finding import Config, Finding, Findings, NotYetKnownError
from .images import from_allowed_registries, pinned
from .limits import limited
from .plain_secrets import no_plain_secrets
from .restricted import restricted
from .runs import has_checkpoint, has_deadline

Subject = Literal["run", "manifest", "stack"]


@dataclass(frozen=True)
class Rule:
    """One rule of the pack."""

    name: str
    """Its name in a pack's configuration."""
    description: str
    """One sentence that a violation opens with."""
    subject: Subject
    """What it looks at: a job's summary, a manifest, or all of a stack by URN, of jobs their
    outputs."""
    check: Callable[[Any, Config], Findings]
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON schemas of what it can be told, by name, with their defaults."""
    needs: tuple[str, ...] = ()
    """Of these one has to be told, or the rule has nothing to check."""

    def applies(self, config: Config) -> bool:
        """Whether it has been told what it needs.

        Raises `TrainstackError` for a setting that it does not have.
        """
        for name in config:
            if name not in self.config:
                allowed = ", ".join(self.config) or "none"
                raise TrainstackError(f"{self.name}: {name}: unknown setting; allowed: {allowed}")
        return not self.needs or any(config.get(name) is not None for name in self.needs)

    def findings(self, subject: Mapping[str, Any], config: Config | None = None) -> list[Finding]:
        """All that it does not allow; nothing as long as it does not apply.

        A finding whose `known` is false can only be decided in `up`.
        Raises `TrainstackError` for a setting that it does not have.
        """
        told = {key: value for key, value in (config or {}).items() if value is not None}
        whole = {**_defaults(self.config), **told}
        return list(self._findings(subject, whole)) if self.applies(whole) else []

    def _findings(self, subject: Mapping[str, Any], config: Config) -> Iterator[Finding]:
        try:
            yield from self.check(subject, config)
        except NotYetKnownError:
            yield Finding(self.name, UNKNOWN, "cannot be counted before `up`")


def _defaults(schemas: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: schema["default"] for name, schema in schemas.items() if "default" in schema}


_AMOUNT = {"type": "number", "minimum": 0}
_NAMES = {"type": "array", "items": {"type": "string"}}

RULES: tuple[Rule, ...] = (
    Rule(
        "gpu-budget",
        "The stack's pods may not take more GPUs at once than its budget.",
        "stack",
        within_gpus,
        {"maxGpus": _AMOUNT},
        needs=("maxGpus",),
    ),
    Rule(
        "cost-budget",
        "The stack's GPUs may not cost more than its budget.",
        "stack",
        within_cost,
        {"maxPerHour": _AMOUNT, "maxTotal": _AMOUNT, "pricePerGpuHour": _AMOUNT},
        needs=("maxPerHour", "maxTotal"),
    ),
    Rule(
        "image-digest",
        "Images have to be pinned by digest, so that a run can be repeated.",
        "manifest",
        pinned,
    ),
    Rule(
        "allowed-registries",
        "Images have to come from the allowed registries.",
        "manifest",
        from_allowed_registries,
        {"registries": _NAMES},
        needs=("registries",),
    ),
    Rule(
        "resource-limits",
        "Containers have to say how much they may take.",
        "manifest",
        limited,
        {"resources": {**_NAMES, "default": ["memory"]}},
    ),
    Rule(
        "checkpoint-required",
        "A long run has to save checkpoints.",
        "run",
        has_checkpoint,
        {"aboveGpuHours": _AMOUNT},
        needs=("aboveGpuHours",),
    ),
    Rule(
        "deadline-required",
        "A run has to end by itself at some time.",
        "run",
        has_deadline,
        {"maxSeconds": _AMOUNT},
    ),
    Rule(
        "no-plain-secrets",
        "Secrets have no place in plain environment variables or arguments.",
        "manifest",
        no_plain_secrets,
        {"allow": {**_NAMES, "default": []}},
    ),
    Rule(
        "restricted-pods",
        "Pods have to keep to the restricted pod security standard; a job's `pod_overlay` sets "
        "security contexts.",
        "manifest",
        restricted,
    ),
)


def rule(name: str) -> Rule:
    """The rule of that name.

    Raises `LookupError` when there is none.
    """
    found = [one for one in RULES if one.name == name]
    if not found:
        raise LookupError(f"no rule {name!r}; there are: {', '.join(one.name for one in RULES)}")
    return found[0]
