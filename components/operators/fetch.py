"""Fills the cache with a pinned release."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import IO

from ..spec.model import TrainstackError
from .archive import files_of
from .cache import parsed_file, release_folder
from .manifests import parse_documents
from .release import Release, digest

Opener = Callable[[str], AbstractContextManager[IO[bytes]]]
"""Opens an address for reading; a parameter, so that tests and mirrors can bring their own."""

_PATIENCE_SECONDS = 20


def open_address(address: str) -> AbstractContextManager[IO[bytes]]:
    """Open an address with the standard library, through the proxies of the environment."""
    opened: AbstractContextManager[IO[bytes]] = urllib.request.urlopen(
        address, timeout=_PATIENCE_SECONDS
    )
    return opened


def fetch(
    release: Release,
    origin: Path | None = None,
    *,
    opener: Opener = open_address,
    go: str | None = "go",
) -> Path:
    """Put `release` into the cache and give its folder there.

    `origin` is a local folder or archive of the release. Without one the release's archive is
    downloaded, or the Go module of the same release with the command `go` (None: never).
    Raises `TrainstackError` when it cannot be had or is not what was pinned; the cache is then
    as it was.
    """
    if origin is not None:
        return _publish(release, files_of(origin, release), str(origin))
    with tempfile.TemporaryDirectory(prefix="trainstack-") as scratch:
        found = _obtain(release, Path(scratch), opener, go)
        return _publish(release, files_of(found, release), str(found))


def _obtain(release: Release, scratch: Path, opener: Opener, go: str | None) -> Path:
    refusals = []
    try:
        return _download(release, scratch, opener)
    except (OSError, HTTPException) as error:
        refusals.append(f"{release.address}: {getattr(error, 'reason', None) or error}")
    try:
        return _go_module(release, go)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        refusals.append(f"Go module {release.module}: {error}")
    raise TrainstackError(
        f"{release.title} cannot be downloaded; fetch it elsewhere and name the folder or archive "
        f"with --from. Tried:\n  " + "\n  ".join(refusals)
    )


def _download(release: Release, scratch: Path, opener: Opener) -> Path:
    file = scratch / "release.tar.gz"
    with opener(release.address) as response, file.open("wb") as target:
        shutil.copyfileobj(response, target)
    return file


def _go_module(release: Release, go: str | None) -> Path:
    if go is None or shutil.which(go) is None:
        raise OSError("the go command is not installed")
    done = subprocess.run(
        [go, "mod", "download", "-json", release.module],
        capture_output=True,
        text=True,
        check=False,
        cwd=tempfile.gettempdir(),
    )
    answer = json.loads(done.stdout or "{}")
    if "Dir" not in answer:
        raise ValueError(answer.get("Error") or done.stderr.strip())
    return Path(answer["Dir"])


def _publish(release: Release, files: dict[str, bytes], origin: str) -> Path:
    found = digest(files)
    if found != release.digest:
        raise TrainstackError(
            f"{origin}: not {release.title} as it was released: SHA-256 of its manifests is "
            f"{found}, expected {release.digest}; to install changed manifests name their folder "
            "in the operator's `source`"
        )
    target = release_folder(release)
    with _staging(target) as staging:
        for name, content in files.items():
            file = staging / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        parsed = {name: parse_documents(content) for name, content in files.items()}
        (staging / parsed_file(release).name).write_text(json.dumps(parsed, separators=(",", ":")))
    return target


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A folder that becomes `target` at the end, at once and whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield staging
        staging.chmod(0o755)
        old = staging.with_name(f"{staging.name}.old")
        if target.exists():
            target.rename(old)
        staging.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
