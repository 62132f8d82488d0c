"""`trainstack policy`."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import yaml
from typer.testing import CliRunner

from trainstack.cli import app


def test_the_pack_is_of_this_release() -> None:
    result = CliRunner().invoke(app, ["policy", "path"])
    assert result.exit_code == 0
    folder = Path(result.stdout.strip())
    settings = yaml.safe_load((folder / "PulumiPolicy.yaml").read_text())
    assert settings["runtime"] == "python"
    assert settings["version"] == version("trainstack")
    assert (folder / "__main__.py").is_file()
