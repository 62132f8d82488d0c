"""Runs a stack on the dev cluster or on the current context: `python -m stacks.demo up`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console

import images
from devcluster import DevCluster
from devcluster.toolchain import Toolchain, ensure
from trainstack.operators.cache import is_fetched
from trainstack.operators.fetch import fetch
from trainstack.operators.release import RELEASES

HERE = Path(__file__).parent
STATE = HERE.parent / ".trainstack"
OPERATOR = "training-operator"
OPERATOR_IMAGE = "localhost/trainstack/training-operator:v1.9.4"
INIT_IMAGE = "localhost/trainstack/busybox:1.35"
INCARNATION = "incarnation"
PULUMI_TOOLS = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False)


@dataclass(frozen=True)
class Place:
    """Where a stack runs, and what it has to be told there."""

    stack: str
    env: Mapping[str, str]
    config: Mapping[str, str]
    incarnation: str = ""
    """Changes when the cluster is made anew; the stack's state then belongs to nothing."""


def fetch_operators(toolchain: Toolchain | None) -> None:
    """Put manifests into the user's cache: those of the built operators, else by download."""
    wanted = {entry.tool.name for entry in toolchain.tools} if toolchain else {OPERATOR}
    for release in RELEASES:
        if release.name in wanted and not is_fetched(release):
            fetch(release, toolchain.manifests(release.name) if toolchain else None)


def dev_cluster() -> Place:
    """The embedded cluster, started if need be, with the images loaded."""
    fetch_operators(ensure())
    image = images.ensure("quickstart")
    cluster = DevCluster()
    console.rule("dev cluster")
    cluster.up()
    incarnation = _incarnation(cluster)
    known = STATE / "devcluster" / INCARNATION
    contents = cluster.contents()
    if contents and not (known.exists() and known.read_text() == incarnation):
        raise typer.Exit(
            _say(
                f"the dev cluster holds what another checkout made ({', '.join(contents)}): "
                "run `make down` first, there or here"
            )
        )
    cluster.load_image(image.tar)
    return Place(
        "devcluster",
        {"KUBECONFIG": str(cluster.kubeconfig)},
        {
            "image": image.tag,
            "operator_image": OPERATOR_IMAGE,
            "init_container_image": INIT_IMAGE,
        },
        incarnation,
    )


def _incarnation(cluster: DevCluster) -> str:
    """What a cluster that is made anew has anew: its certificate authority."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    return str(config["clusters"][0]["cluster"]["certificate-authority-data"])


def current_context(image: str, yes: bool) -> Place:
    """The current context, after showing it and asking."""
    from kubernetes import config

    try:
        _, context = config.list_kube_config_contexts()
        server = config.new_client_from_config().configuration.host
    except config.ConfigException as error:
        raise typer.Exit(_say(f"there is no current Kubernetes context: {error}")) from None
    console.print(f"context  {context['name']}\nserver   {server}\nimage    {image}")
    console.print("installs the training-operator, in the namespace kubeflow")
    if not image:
        raise typer.Exit(_say("IMAGE=… must name an image that this cluster can pull"))
    if not yes and not typer.confirm("Run on this cluster?"):
        raise typer.Exit(1)
    fetch_operators(None)
    return Place("current", {}, {"image": image})


def _say(message: str) -> int:
    console.print(f"[red]{message}[/]")
    return 1


class Stack:
    """One stack of one program, with its state below `.trainstack/<place>` in the checkout."""

    def __init__(self, program: str, place: Place, settings: Mapping[str, str]) -> None:
        self.folder = HERE / program
        self.place = place
        own = STATE / place.stack
        self.config_file = own / f"{program}.json"
        home, state, incarnation = own / "pulumi-home", own / "state", own / INCARNATION
        if place.incarnation != (incarnation.read_text() if incarnation.exists() else ""):
            shutil.rmtree(state, ignore_errors=True)
        state.mkdir(parents=True, exist_ok=True)
        incarnation.write_text(place.incarnation)
        self.env = {
            **ensure(PULUMI_TOOLS).env(pulumi_home=home),
            **place.env,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": str(home),
            "VIRTUAL_ENV": sys.prefix,
        }
        self.env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), self.env["PATH"]])
        if code := self._pulumi("stack", "select", "--create", place.stack, quiet=True):
            raise typer.Exit(code)
        said = {**place.config, **settings}
        self.config_file.write_text(
            json.dumps({"config": {f"{program}:{key}": value for key, value in said.items()}})
        )

    def run(self, *words: str) -> int:
        """Run a pulumi command that reads the stack's configuration."""
        return self._pulumi(*words, "--config-file", str(self.config_file))

    def _pulumi(self, *words: str, quiet: bool = False) -> int:
        done = subprocess.run(
            ("pulumi", *words),
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.DEVNULL if quiet else None,
            check=False,
        )
        return done.returncode


Set = Annotated[list[str] | None, typer.Option("--set", help="A setting of the stack, key=value.")]
Program = Annotated[str, typer.Option(help="The folder under stacks/.")]
OnCluster = Annotated[str, typer.Option("--cluster", help="'devcluster' or 'current'.")]
Image = Annotated[str, typer.Option(help="The image to train with, on the current context.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def _open(program: str, cluster: str, image: str, settings: list[str] | None, yes: bool) -> Stack:
    places = {"devcluster": dev_cluster, "current": lambda: current_context(image, yes)}
    if cluster not in places:
        raise typer.BadParameter(f"CLUSTER: got {cluster!r}; allowed: devcluster, current")
    for setting in settings or ():
        if "=" not in setting:
            raise typer.BadParameter(f"--set: got {setting!r}; must be key=value")
    pairs = dict(setting.split("=", 1) for setting in settings or ())
    return Stack(program, places[cluster](), pairs)


@app.command()
def up(
    program: Program = "quickstart",
    cluster: OnCluster = "devcluster",
    image: Image = "",
    settings: Set = None,
    yes: Yes = False,
) -> None:
    """Bring a stack up and show its outputs."""
    stack = _open(program, cluster, image, settings, yes)
    console.rule("pulumi up")
    code = stack.run("up", "--yes", "--skip-preview")
    if code == 0:
        console.rule("outputs")
        stack._pulumi("stack", "output")
    raise typer.Exit(code)


@app.command()
def preview(
    program: Program = "quickstart",
    cluster: OnCluster = "devcluster",
    image: Image = "",
    settings: Set = None,
    yes: Yes = False,
) -> None:
    """Show what `up` would change."""
    stack = _open(program, cluster, image, settings, yes)
    raise typer.Exit(stack.run("preview", "--diff"))


@app.command()
def down(
    program: Program = "quickstart",
    cluster: OnCluster = "devcluster",
    yes: Yes = False,
) -> None:
    """Remove the dev cluster and all it made, or destroy the stack on the current context."""
    if cluster == "current":
        stack = _open(program, cluster, "unused", None, yes)
        raise typer.Exit(stack.run("destroy", "--yes"))
    DevCluster().down()
    shutil.rmtree(STATE / "devcluster", ignore_errors=True)


if __name__ == "__main__":
    app()
