"""`python -m trainstack.cli`."""

from .app import app

app(prog_name="trainstack")
