"""What the launcher says to machines."""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def tell(event: str, **values: Any) -> None:
    """A line of JSON on stdout, `{"trainstack": "event", "event": …, "time": …, …}`."""
    said = {"trainstack": "event", "event": event, "time": round(time.time(), 3), **values}
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stdout.flush()
