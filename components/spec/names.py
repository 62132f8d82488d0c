"""Names that Kubernetes accepts."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

LABEL_LENGTH = 63


def _pattern(form: str, allowed: str, longest: int) -> AfterValidator:
    compiled = re.compile(form)

    def check(value: str) -> str:
        if len(value) > longest or not compiled.fullmatch(value):
            raise ValueError(f"got {value!r}: must be {allowed}, at most {longest} characters")
        return value

    return AfterValidator(check)


Label = Annotated[
    str,
    _pattern(
        r"[a-z]([-a-z0-9]*[a-z0-9])?",
        "lower-case letters, digits and '-', starting with a letter, ending with no '-'",
        LABEL_LENGTH,
    ),
]
Subdomain = Annotated[
    str,
    _pattern(
        r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
        "lower-case letters, digits, '-' and '.'",
        253,
    ),
]
Fragment = Annotated[
    str,
    _pattern(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", "lower-case letters, digits and '-'", 20),
]
EnvName = Annotated[
    str,
    _pattern(r"[A-Za-z_][A-Za-z0-9_]*", "letters, digits and '_', not starting with a digit", 255),
]
AbsolutePath = Annotated[
    str,
    _pattern(r"/[^:\0]*", "an absolute path without ':'", 4096),
]
DataKey = Annotated[str, _pattern(r"[-._a-zA-Z0-9]+", "letters, digits, '-', '_' and '.'", 253)]
LabelKey = Annotated[
    str,
    _pattern(
        r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?",
        "a name of letters, digits, '-', '_' and '.', with an optional DNS prefix and '/'",
        317,
    ),
]
LabelValue = Annotated[
    str,
    _pattern(
        r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?",
        "letters, digits, '-', '_' and '.', starting and ending with a letter or digit",
        LABEL_LENGTH,
    ),
]
ExtendedResource = Annotated[
    str,
    _pattern(
        r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?",
        "a resource name with a DNS prefix, for example 'rdma/hca'",
        317,
    ),
]
Image = Annotated[
    str,
    _pattern(
        r"[a-z0-9][-a-zA-Z0-9._:/]*(@sha256:[0-9a-f]{64})?",
        "an image reference such as 'registry.example/team/train:1.0' or one with '@sha256:…'",
        512,
    ),
]
