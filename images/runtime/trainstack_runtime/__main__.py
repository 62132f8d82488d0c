"""`python -m trainstack_runtime` is `trainstack-run`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
