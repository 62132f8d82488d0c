"""The one error that the toolchain raises."""

from __future__ import annotations

from collections.abc import Sequence


class ToolchainError(Exception):
    """One clear sentence, and the last lines of the tool that failed, if one did."""

    def __init__(self, message: str, output: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.output = tuple(output)

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"    {line}" for line in self.output)])
