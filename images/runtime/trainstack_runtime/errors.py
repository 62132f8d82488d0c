"""What a training program raises."""

from __future__ import annotations


class RecoverableError(Exception):
    """Trouble that a restart may cure, such as a data server that went away for a while.

    The run restarts as its kind and its policy allow.
    """


RecoverableError.__module__ = __package__ or ""
