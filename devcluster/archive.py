"""Writes and reads image archives without any tool: a tar of layers and a little JSON."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .errors import DevClusterError

EPOCH = "1970-01-01T00:00:00Z"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnonroot:x:65532:65532:nonroot:/home/nonroot:/bin/false\n"
GROUP = "root:x:0:\nnonroot:x:65532:\n"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A file, a link or a folder of an image."""

    source: Path | None = None
    text: str | None = None
    link: str | None = None
    mode: int = 0o755


@dataclass(frozen=True)
class Recipe:
    """An image of one layer."""

    name: str
    entries: Mapping[str, Entry]
    entrypoint: Sequence[str] = ()
    command: Sequence[str] = ()
    user: str = ""
    environment: Mapping[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    )

    def write(self, path: Path, machine: str) -> None:
        """Write the archive; the same inputs give the same bytes."""
        draft = path.with_name(path.name + ".new")
        layer = path.with_name(path.name + ".layer")
        try:
            self._write_layer(layer)
            config = self._config(_digest(layer), machine)
            config_name = f"{hashlib.sha256(config).hexdigest()}.json"
            manifest = [{"Config": config_name, "RepoTags": [self.name], "Layers": ["layer.tar"]}]
            with tarfile.open(draft, "w") as tar:
                tar.addfile(*_file(config_name, config))
                info = _info("layer.tar", 0o644)
                info.size = layer.stat().st_size
                with layer.open("rb") as file:
                    tar.addfile(info, file)
                tar.addfile(*_file("manifest.json", json.dumps(manifest).encode()))
            draft.replace(path)
        finally:
            layer.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)

    def _config(self, layer: str, machine: str) -> bytes:
        config = {
            "architecture": ARCHITECTURES.get(machine, machine),
            "os": "linux",
            "created": EPOCH,
            "config": {
                "Entrypoint": list(self.entrypoint),
                "Cmd": list(self.command),
                "User": self.user,
                "Env": [f"{name}={value}" for name, value in self.environment.items()],
                "WorkingDir": "/",
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
            "history": [{"created": EPOCH, "created_by": "trainstack"}],
        }
        return json.dumps(config, sort_keys=True).encode()

    def _write_layer(self, path: Path) -> None:
        entries = {
            "tmp": Entry(mode=0o1777),
            "etc/passwd": Entry(text=PASSWD, mode=0o644),
            "etc/group": Entry(text=GROUP, mode=0o644),
            **self.entries,
        }
        parents = {str(parent) for name in entries for parent in PurePosixPath(name).parents}
        folders = {name: Entry() for name in parents - {"."}}
        with tarfile.open(path, "w") as tar:
            for name, entry in sorted({**folders, **entries}.items()):
                info = _info(name, entry.mode)
                if entry.source is not None:
                    info.size = entry.source.stat().st_size
                    with entry.source.open("rb") as file:
                        tar.addfile(info, file)
                elif entry.text is not None:
                    tar.addfile(*_file(name, entry.text.encode(), entry.mode))
                else:
                    info.type = tarfile.SYMTYPE if entry.link else tarfile.DIRTYPE
                    info.linkname = entry.link or ""
                    tar.addfile(info)


@dataclass(frozen=True)
class Contents:
    """What an archive holds: the names of its images, and what tells it from others."""

    names: tuple[str, ...]
    identity: str

    @classmethod
    def read(cls, path: Path) -> Contents:
        """Of a docker archive or an OCI archive."""
        try:
            with tarfile.open(path) as tar:
                for name in ("manifest.json", "index.json"):
                    try:
                        member = tar.extractfile(name)
                    except KeyError:
                        continue
                    if member:
                        return cls._parse(json.loads(member.read()))
        except (OSError, tarfile.TarError, ValueError) as error:
            raise DevClusterError(f"{path} is not an image archive: {error}.") from None
        raise DevClusterError(f"{path} is not an image archive: it has no manifest.")

    @classmethod
    def _parse(cls, document: object) -> Contents:
        if isinstance(document, list):
            names = [name for image in document for name in image.get("RepoTags") or ()]
            digests = [Path(image["Config"]).name.removesuffix(".json") for image in document]
        else:
            assert isinstance(document, dict)
            images = document["manifests"]
            key = "io.containerd.image.name"
            names = [name for one in images if (name := one.get("annotations", {}).get(key))]
            digests = [image["digest"].removeprefix("sha256:") for image in images]
        identity = hashlib.sha256(" ".join(sorted([*digests, *names])).encode()).hexdigest()
        return cls(tuple(map(canonical, names)), identity[:32])


def canonical(name: str) -> str:
    """An image name as containerd stores it."""
    registry, slash, _ = name.partition("/")
    if slash and (registry == "localhost" or "." in registry or ":" in registry):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def _info(name: str, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode = mode
    return info


def _file(name: str, content: bytes, mode: int = 0o644) -> tuple[tarfile.TarInfo, io.BytesIO]:
    info = _info(name, mode)
    info.size = len(content)
    return info, io.BytesIO(content)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
