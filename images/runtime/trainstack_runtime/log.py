"""What the launcher says to people."""

import sys


def say(text: str) -> None:
    """A line on stderr."""
    print(f"trainstack: {text}", file=sys.stderr, flush=True)
