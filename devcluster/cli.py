"""The dev cluster from a shell."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from . import logs as component_logs
from .cluster import DevCluster
from .errors import DevClusterError
from .status import Status
from .toolchain import ToolchainError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A one-node Kubernetes on this machine, made of the real parts.",
)


def _teller() -> Callable[[str], None]:
    begin = time.monotonic()
    return lambda text: typer.echo(f"{time.monotonic() - begin:6.1f} s  {text}", err=True)


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (DevClusterError, ToolchainError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; the next `up` goes on from here, `down` removes it", err=True)
        raise typer.Exit(130) from None


@app.command()
def up(
    gpus: Annotated[
        int | None, typer.Option(min=0, help="Pretend that the node has so many GPUs.")
    ] = None,
) -> None:
    """Start the cluster, or what of it does not run, and wait until it is ready."""
    with _plain_errors():
        DevCluster(say=_teller()).up(gpus)


@app.command()
def down() -> None:
    """Remove the cluster and everything that it put on this machine."""
    with _plain_errors():
        DevCluster(say=_teller()).down()


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how each part is; ends with 1 when anything is wrong."""
    with _plain_errors():
        found = DevCluster().status()
        if as_json:
            typer.echo(json.dumps(found.as_dict(), indent=2))
        else:
            _show(found)
        if not found.healthy:
            raise typer.Exit(1)


@app.command("load-image")
def load_image(
    tars: Annotated[list[Path], typer.Argument(help="Docker or OCI archives.", metavar="TAR…")],
) -> None:
    """Load image archives, and print the names of their images."""
    with _plain_errors():
        for tar in tars:
            for name in DevCluster(say=_teller()).load_image(tar):
                typer.echo(name)


@app.command()
def kubeconfig(
    path: Annotated[bool, typer.Option("--path", help="Print where it lies instead.")] = False,
) -> None:
    """Print the administrator's kubeconfig."""
    with _plain_errors():
        file = DevCluster().kubeconfig
        try:
            text = file.read_text()
        except OSError as error:
            raise DevClusterError(f"{file} cannot be read: {error.strerror}.") from None
        typer.echo(file if path else text.rstrip())


@app.command()
def logs(
    component: str,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines.")] = False,
) -> None:
    """Print a component's log."""
    with _plain_errors():
        for line in component_logs.read(DevCluster().settings, component, follow):
            typer.echo(line)


def _show(found: Status) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=True)
    if found.up:
        table = Table("component", "state", "pid", "port", "since", "memory", box=None)
        for one in found.components:
            state = one.state if one.healthy or one.state != "running" else "not healthy"
            memory = f"{one.memory / 1e6:.0f} MB" if one.memory else ""
            table.add_row(
                one.name, state, str(one.pid or ""), str(one.port or ""), one.since, memory
            )
        console.print(table)
        console.print(f"node: {'ready' if found.node_ready else 'not ready'}, GPUs: {found.gpus}")
        console.print(f"DNS: {'answers' if found.dns_ready else 'does not answer'}")
        console.print(f"kubeconfig: {found.kubeconfig}")
    for problem in found.problems:
        console.print(f"problem: {problem}")
