"""Names that Kubernetes accepts."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from .shown import shown

LABEL_LENGTH = 63
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_HOST = (
    r"([A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*(:\d+)?"
)
DATA_KEY = r"(?!\.\.)(?!\.$)[-._a-zA-Z0-9]+"
_PATH = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = rf"({_HOST}/)?{_PATH}(/{_PATH})*"


def pattern(form: str, allowed: str, longest: int) -> AfterValidator:
    """Accepts texts of this form only; `allowed` says the form in words."""
    compiled = re.compile(form, re.ASCII)

    def check(value: str) -> str:
        if len(value) > longest or not compiled.fullmatch(value):
            raise ValueError(f"got {shown(value)}: must be {allowed}, at most {longest} characters")
        return value

    return AfterValidator(check)


Label = Annotated[
    str,
    pattern(
        r"[a-z]([-a-z0-9]*[a-z0-9])?",
        "lower-case letters, digits and '-', starting with a letter, ending with no '-'",
        LABEL_LENGTH,
    ),
]
Namespace = Annotated[
    str,
    pattern(
        _LABEL,
        "lower-case letters, digits and '-', starting and ending with a letter or digit",
        LABEL_LENGTH,
    ),
]
Subdomain = Annotated[
    str,
    pattern(
        _SUBDOMAIN,
        "lower-case letters, digits, '-' and '.'",
        253,
    ),
]
QueueName = Annotated[
    str,
    pattern(
        _SUBDOMAIN,
        "lower-case letters, digits, '-' and '.'",
        LABEL_LENGTH,
    ),
]
Fragment = Annotated[
    str,
    pattern(_LABEL, "lower-case letters, digits and '-'", 20),
]
EnvName = Annotated[
    str,
    pattern(r"[A-Za-z_][A-Za-z0-9_]*", "letters, digits and '_', not starting with a digit", 255),
]
AbsolutePath = Annotated[
    str,
    pattern(r"/[^:\0]*", "an absolute path without ':'", 4096),
]
DataKey = Annotated[
    str,
    pattern(
        DATA_KEY,
        "letters, digits, '-', '_' and '.', not starting with '..'",
        253,
    ),
]
LabelKey = Annotated[
    str,
    pattern(
        rf"((?=[^/]{{1,253}}/){_SUBDOMAIN}/)?{_QUALIFIED}",
        "a name of letters, digits, '-', '_' and '.', with an optional DNS prefix and '/'",
        317,
    ),
]
LabelValue = Annotated[
    str,
    pattern(
        r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?",
        "letters, digits, '-', '_' and '.', starting and ending with a letter or digit",
        LABEL_LENGTH,
    ),
]
ExtendedResource = Annotated[
    str,
    pattern(
        rf"(?=[^/]{{1,253}}/){_SUBDOMAIN}/{_QUALIFIED}",
        "a resource name with a DNS prefix, for example 'rdma/hca'",
        317,
    ),
]
Repository = Annotated[
    str,
    pattern(
        _REPOSITORY,
        "an image's name such as 'registry.example/team/train', without a tag or digest",
        384,
    ),
]
Image = Annotated[
    str,
    pattern(
        rf"{_REPOSITORY}(:[A-Za-z0-9_][-A-Za-z0-9_.]{{0,127}})?(@sha256:[0-9a-f]{{64}})?",
        "an image reference such as 'registry.example/team/train:1.0' or one with '@sha256:…'",
        512,
    ),
]
Capability = Annotated[
    str,
    pattern(r"[A-Z][A-Z_]*", "a Linux capability without 'CAP_', such as 'IPC_LOCK'", LABEL_LENGTH),
]
