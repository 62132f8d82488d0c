"""Builds the real tools (Pulumi, Kubernetes, operators) from pinned Go modules."""

from __future__ import annotations

from .ensure import ensure, locate
from .errors import ToolchainError
from .table import TOOLS
from .tool import Tool
from .toolchain import Toolchain

__all__ = ["TOOLS", "Tool", "Toolchain", "ToolchainError", "ensure", "locate"]
