"""Waiting for a run: one polling child of the job, which explains a failure."""

from .resource import wait_for

__all__ = ["wait_for"]
