"""Debian's part: the build tools where they are missing, and the base system of the images."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from .errors import ImageError
from .progress import Progress
from .recipe import BASE_PACKAGES, SUITE

PACKAGES = (
    "buildah",
    "golang-github-containers-common",
    "golang-github-containers-image",
    "libassuan0",
    "libdevmapper1.02.1",
    "libgpgme11",
    "libseccomp2",
    "libsubid4",
    "mmdebstrap",
)
NEEDED = ("buildah", "mmdebstrap")
SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")
NOT_IN_IMAGES = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")


class Tools:
    """buildah and mmdebstrap: the machine's own, or unpacked into a folder, never installed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.unpacked = not all(map(shutil.which, NEEDED))

    @property
    def ready(self) -> bool:
        """Whether nothing has to be fetched."""
        return not self.unpacked or (self._folder / "usr/bin/buildah").exists()

    def path(self, name: str) -> Path:
        """Where a tool is."""
        return self._folder / "usr/bin" / name if self.unpacked else Path(shutil.which(name) or "")

    def overlays(self) -> dict[str, Path]:
        """Folders of ours that the tools must see in place of the machine's, merged with them."""
        if not self.unpacked:
            return {}
        libraries = next((self._folder / "usr/lib").glob("*-linux-gnu"))
        return {f"/usr/lib/{libraries.name}": libraries, "/etc": self._folder / "etc"}

    def fetch(self, progress: Progress) -> None:
        """Download and unpack the packages, with lists and caches of our own."""
        if not shutil.which("apt-get"):
            raise ImageError(
                f"{' and '.join(NEEDED)} are missing, and so is apt-get to fetch them with; "
                "install them, or start a Docker daemon"
            )
        scratch = self._folder.with_suffix(".new")
        shutil.rmtree(scratch, ignore_errors=True)
        (scratch / "lists/partial").mkdir(parents=True)
        (scratch / "debs").mkdir()
        options = [
            *("-o", f"Dir::State::lists={scratch / 'lists'}"),
            *("-o", f"Dir::Cache={scratch}"),
            *("-o", "APT::Sandbox::User=root"),
        ]
        progress.run(["apt-get", *options, "update"])
        shell = 'cd "$1"; shift; exec apt-get "$@"'
        debs = scratch / "debs"
        progress.run(["sh", "-c", shell, "sh", debs, *options, "download", *PACKAGES])
        for deb in debs.glob("*.deb"):
            progress.run(["dpkg", "-x", deb, scratch / "root"])
        shutil.rmtree(self._folder, ignore_errors=True)
        (scratch / "root").rename(self._folder)
        shutil.rmtree(scratch)


def base_command(mmdebstrap: Path, archive: Path) -> list[str | Path]:
    """Makes the archive of a minimal Debian with Python, from this machine's mirror."""
    return [
        mmdebstrap,
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(BASE_PACKAGES)}",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in NOT_IN_IMAGES),
        SUITE,
        archive,
        *_sources(),
    ]


def _sources() -> list[str]:
    """The files of this machine that name a mirror of the suite."""
    files = [path for place in SOURCES for path in (Path(place), *sorted(Path(place).glob("*")))]
    listed = re.compile(rf"^[^#\n]*\s{SUITE}(\s|$)", re.MULTILINE)
    return [str(path) for path in files if path.is_file() and listed.search(path.read_text())]


def is_root() -> bool:
    """Whether mounts can be made."""
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return done.returncode == 0
