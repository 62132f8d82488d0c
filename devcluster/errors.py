"""The one error that the dev cluster raises."""

from __future__ import annotations


class DevClusterError(Exception):
    """One clear sentence about what is wrong and what helps."""
