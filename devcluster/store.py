"""containerd's image store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .archive import Contents
from .command import run
from .errors import DevClusterError
from .programs import Programs

LABEL = "trainstack.dev/archive"


@dataclass(frozen=True)
class ImageStore:
    """The images that pods can use."""

    programs: Programs
    socket: Path

    def load(self, archive: Path) -> list[str]:
        """Load an archive unless it is there already; gives the names of its images."""
        if not archive.is_file():
            raise DevClusterError(f"There is no image archive {archive}.")
        contents = Contents.read(archive)
        if not contents.names:
            raise DevClusterError(f"The images in {archive} have no names; tag them first.")
        if any(self._loaded().get(name) != contents.identity for name in contents.names):
            self._ctr("import", archive.absolute())
            for name in contents.names:
                self._ctr("label", name, f"{LABEL}={contents.identity}")
        return list(contents.names)

    def _loaded(self) -> dict[str, str]:
        found = {}
        for line in self._ctr("list").splitlines()[1:]:
            name, *_, labels = line.split()
            pairs = dict(pair.partition("=")[::2] for pair in labels.split(","))
            found[name] = pairs.get(LABEL, "")
        return found

    def _ctr(self, *arguments: object) -> str:
        ctr = self.programs.find("ctr")
        return run([ctr, "--address", self.socket, "--namespace", "k8s.io", "images", *arguments])
