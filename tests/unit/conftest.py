"""Settings of the property-based tests."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples in every run, and none is timed; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
