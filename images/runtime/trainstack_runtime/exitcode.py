"""Exit codes of `trainstack-run`; from 128 on, operators take a failure as worth a retry."""

from __future__ import annotations

SUCCEEDED = 0
FAILED = 1
USAGE = 2
STOPPED = 143
"""SIGTERM, whether or not the program saved in time."""
UNREACHABLE = 200
"""The rendezvous store did not answer."""
CLOSED = 201
"""The rendezvous was closed by another node."""
TIMED_OUT = 202
"""Too few nodes joined in time."""
BROKEN = 203
"""Any other trouble of the launcher itself."""
RECOVERABLE = 204
"""The program raised a `RecoverableError`."""
