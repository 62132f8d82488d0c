"""Secrets that anyone who may look at a pod can read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from .finding import Config, Finding, Findings, items, mapping
from .pods import pods

NAME = re.compile(
    r"(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIALS?|(^|_|ACCESS|API|PRIVATE|SSH)KEY)$",
    re.IGNORECASE,
)
"""Names that a secret has."""
REFERENCE = re.compile(r"\$\([A-Za-z_][A-Za-z0-9_]*\)")
"""A variable that only names another."""
SHAPES: Mapping[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a GitHub token": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})"),
    "a GitLab token": re.compile(r"\bglpat-[\w-]{20}"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30}"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a Google API key": re.compile(r"\bAIza[\w-]{35}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10}"),
    "an API key (sk-…)": re.compile(r"\bsk-[\w-]{20}"),
    "an npm token": re.compile(r"\bnpm_[A-Za-z0-9]{36}"),
    "a PyPI token": re.compile(r"\bpypi-[\w-]{50}"),
    "a Pulumi token": re.compile(r"\bpul-[0-9a-f]{40}"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
    "a password in an address": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]*:(?!\$\()[^\s/@]+@"),
}
"""What secrets look like."""
_INSTEAD = "must come from a Kubernetes Secret (the job's field `secrets`)"


def no_plain_secrets(manifest: Mapping[str, Any], config: Config) -> Findings:
    """Variables and arguments that are secrets by name or by look, except `config["allow"]`."""
    for role in pods(manifest):
        for path, container in role.containers():
            yield from _in_env(path, container, config["allow"])
            for field in ("command", "args"):
                for index, word in enumerate(items(container.get(field))):
                    yield from _by_look(f"{path}.{field}[{index}]", str(word))


def _in_env(path: str, container: Mapping[str, Any], allow: list[str]) -> Iterator[Finding]:
    for variable in map(mapping, items(container.get("env"))):
        name, value = str(variable.get("name")), str(variable.get("value") or "")
        if not value or name in allow or REFERENCE.fullmatch(value):
            continue
        where = f"{path}.env[{name}]"
        found = list(_by_look(where, value))
        if not found and NAME.search(name):
            found = [Finding(where, _hidden("a text", value), _INSTEAD)]
        yield from found


def _by_look(path: str, value: str) -> Iterator[Finding]:
    for what, shape in SHAPES.items():
        if shape.search(value):
            yield Finding(path, _hidden(what, value), _INSTEAD)
            return


def _hidden(what: str, value: str) -> str:
    """What a finding tells of a secret: never the secret."""
    return value if value == UNKNOWN else f"{what} of {len(value)} characters"
