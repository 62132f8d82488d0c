"""The policy pack, in a form that the engine here can start."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

import trainstack.policy.pack

PACK = Path(trainstack.policy.pack.__file__).parent
_RUNTIME = "python-of-old"


def startable_pack(folder: Path, pulumi_home: Path, *, old_language_host: bool) -> Path:
    """The pack's folder, or with an old language host a copy of it in `folder`.

    Language hosts before 3.80 cannot run packs: they run the program in their place. For a runtime
    that has no language host at all, the engine starts `pulumi-analyzer-policy-<runtime>`.
    """
    if not old_language_host:
        return PACK
    copy = folder / "pack"
    shutil.copytree(PACK, copy)
    settings = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    (copy / "PulumiPolicy.yaml").write_text(yaml.safe_dump({**settings, "runtime": _RUNTIME}))
    plugin = f"pulumi-analyzer-policy-{_RUNTIME}"
    starter = pulumi_home / "plugins" / f"analyzer-policy-{_RUNTIME}-v1.0.0" / plugin
    starter.parent.mkdir(parents=True, exist_ok=True)
    starter.write_text('#!/bin/sh\nexec python -u -m pulumi.policy "$@"\n')
    starter.chmod(0o755)
    return copy
