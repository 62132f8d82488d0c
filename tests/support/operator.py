"""An operator on the dev cluster, for tests that need one."""

from __future__ import annotations

from typing import Any

from tests.support.pulumi_cli import PulumiProgram

_SOURCE = """
import trainstack as ts

ts.{component}("operator", {args})
"""


class OperatorStack:
    """A stack that holds just an operator; it can come and go within a test session."""

    def __init__(self, program: PulumiProgram, component: str, **args: Any) -> None:
        self.program = program.use(_SOURCE.format(component=component, args=args))
        self.installed = False

    def up(self) -> None:
        """Install it, unless it is there."""
        if not self.installed:
            self.program.up().check()
            self.installed = True

    def down(self) -> None:
        """Remove it, if it is there."""
        if self.installed:
            self.program.destroy().check()
            self.installed = False
