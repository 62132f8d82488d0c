"""The commands that build an image, with programs that only write down how they were called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from trainstack.images.commands import BuildError, build
from trainstack.images.context import Context

STAND_IN = """#!{python}
import pathlib, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    print({name!r}, *words, file=log)
if {fails!r} in words:
    sys.exit("no space left")
if "--digestfile" in words:
    pathlib.Path(words[words.index("--digestfile") + 1]).write_text("sha256:aa\\n")
if words[0] == "image":
    print({digests!r} if "Repo" in words[3] else "sha256:cc")
"""
DIGESTS = "mirror.example/digits@sha256:aa\nregistry.example/digits@sha256:bb\n"
SETTINGS = {"build_args": {"B": "2", "A": "1"}, "platform": "linux/amd64", "target": "last"}


class Tools:
    """A folder of stand-ins, and what they were told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.log = folder / "log"

    def add(self, name: str, fails: str = "never", digests: str = DIGESTS) -> None:
        text = STAND_IN.format(
            python=sys.executable, log=str(self.log), name=name, fails=fails, digests=digests
        )
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def told(self) -> list[str]:
        """Lines, with temporary folders left out."""
        words = [line.split() for line in self.log.read_text().splitlines()]
        return [" ".join(_short(word) for word in line) for line in words]


def _short(word: str) -> str:
    head, found, rest = word.partition("/tmp/trainstack-image-")
    return f"{head}…/{rest.partition('/')[2]}" if found else word


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    made = Tools(tmp_path)
    monkeypatch.setenv("PATH", str(made.folder))
    return made


@pytest.fixture
def props(tmp_path: Path) -> dict[str, Any]:
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return {
        "context": str(folder),
        "dockerfile": "Dockerfile",
        "reference": "registry.example/digits:0a",
        "tag": Context.read(folder, "Dockerfile").key(SETTINGS),
        **SETTINGS,
    }


BUILD = (
    "build --tag registry.example/digits:0a --platform linux/amd64 --file …/context/Dockerfile "
    "--build-arg A=1 --build-arg B=2 --target last"
)


def test_buildah_pushes(tools: Tools, props: dict[str, Any]) -> None:
    tools.add("buildah")
    tools.add("docker")
    assert build(props) == "sha256:aa"
    assert tools.told() == [
        f"buildah {BUILD} --layers …/context",
        "buildah push --digestfile …/digest registry.example/digits:0a "
        "docker://registry.example/digits:0a",
    ]


def test_docker_pushes(tools: Tools, props: dict[str, Any]) -> None:
    tools.add("docker")
    assert build(props) == "sha256:bb"
    assert tools.told() == [
        f"docker {BUILD} …/context",
        "docker push --quiet registry.example/digits:0a",
        "docker image inspect --format {{range .RepoDigests}}{{println .}}{{end}} "
        "registry.example/digits:0a",
    ]


@pytest.mark.parametrize("repository", ["docker.io/team/digits", "team/digits"])
def test_docker_pushes_to_docker_hub(tools: Tools, props: dict[str, Any], repository: str) -> None:
    tools.add("docker", digests="registry.example/digits@sha256:bb\nteam/digits@sha256:dd\n")
    assert build({**props, "reference": f"{repository}:0a"}) == "sha256:dd"


def test_a_push_that_left_no_digest(tools: Tools, props: dict[str, Any]) -> None:
    tools.add("docker", digests="mirror.example/digits@sha256:aa\n")
    with pytest.raises(BuildError, match=r"no digest of registry\.example/digits after the push"):
        build(props)


def test_a_load_command_gets_the_archive(tools: Tools, props: dict[str, Any]) -> None:
    tools.add("buildah")
    tools.add("kind")
    assert build({**props, "load": ["kind", "load", "image-archive"]}) == "sha256:aa"
    assert tools.told()[1:] == [
        "buildah push --digestfile …/image.digest registry.example/digits:0a "
        "docker-archive:…/image.tar:registry.example/digits:0a",
        "kind load image-archive …/image.tar",
    ]


def test_the_last_stage_is_built_unless_another_is_named(
    tools: Tools, props: dict[str, Any]
) -> None:
    tools.add("buildah")
    del props["target"]
    folder = Path(props["context"])
    props["tag"] = Context.read(folder, "Dockerfile").key({**SETTINGS, "target": None})
    build(props)
    assert "--target" not in tools.told()[0]


def test_docker_loads(tools: Tools, props: dict[str, Any]) -> None:
    tools.add("docker")
    tools.add("kind")
    assert build({**props, "load": ["kind"]}) == "sha256:cc"
    assert tools.told()[1:] == [
        "docker save --output …/image.tar registry.example/digits:0a",
        "docker image inspect --format {{.Id}} registry.example/digits:0a",
        "kind …/image.tar",
    ]


def test_a_failed_build_tells_its_last_lines(tools: Tools, props: dict[str, Any]) -> None:
    tools.add("buildah", fails="build")
    with pytest.raises(BuildError, match=r"(?s)buildah build .*exit code 1:\nno space left"):
        build(props)


def test_without_a_tool(tools: Tools, props: dict[str, Any]) -> None:
    with pytest.raises(BuildError, match="neither buildah nor docker is on PATH"):
        build(props)


def test_a_folder_that_changed_meanwhile(tools: Tools, props: dict[str, Any]) -> None:
    tools.add("buildah")
    Path(props["context"], "new").touch()
    with pytest.raises(BuildError, match="a file has changed since this `pulumi up` began"):
        build(props)
    assert not tools.log.exists()
