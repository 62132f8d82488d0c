"""Runs the real `pulumi` on a program in a temporary folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

DEFAULT_TIMEOUT = 600.0
# A test says which cluster it means; it never meets the developer's own.
_NOT_INHERITED = ("KUBECONFIG", "PULUMI_K8S_DELETE_UNREACHABLE")


class PulumiCommandError(AssertionError):
    """A command that had to succeed did not; the message holds all it printed."""


@dataclass(frozen=True)
class Result:
    """One finished command."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    @property
    def output(self) -> str:
        """Everything printed, for `in` checks."""
        return f"{self.stdout}\n{self.stderr}"

    @property
    def json(self) -> Any:
        """What a `--json` command printed."""
        return json.loads(self.stdout)

    def check(self) -> Result:
        """This result, or PulumiCommandError."""
        if not self.ok:
            line = " ".join(self.command)
            raise PulumiCommandError(f"`{line}` ended with {self.exit_code}\n{self.output}")
        return self

    def steps(self) -> dict[str, str]:
        """Logical name to operation (`create`, `same`, …), of a `preview(json=True)`."""
        return {name_of(step["urn"]): step["op"] for step in self.json.get("steps", [])}


class PulumiProgram:
    """A project with one stack, its own state and its own PULUMI_HOME, in one folder.

    `source` is `__main__.py`, indented as you like. `path` are the folders with `pulumi` and its
    plugins (`Toolchain.path_dirs()`). `config` and `env` are set for every command. The program
    runs in this test's Python. `use()` changes the source between two commands.
    """

    def __init__(
        self,
        folder: Path,
        source: str = "",
        *,
        path: Sequence[Path] = (),
        project: str = "test",
        stack: str = "dev",
        config: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self.folder = folder / "program"
        self.stack = stack
        self.timeout = timeout
        self.env = _environment(folder, path, env or {})
        for needed in (self.folder, folder / "state"):
            needed.mkdir(parents=True, exist_ok=True)
        settings = {"name": project, "runtime": "python", "main": "."}
        (self.folder / "Pulumi.yaml").write_text(json.dumps(settings))
        _no_log(Path(self.env["PULUMI_HOME"]))
        self.use(source)
        self.run("stack", "init", stack).check()
        if config:
            self.configure(**config)

    def use(self, source: str) -> PulumiProgram:
        """Makes `source` the program."""
        (self.folder / "__main__.py").write_text(textwrap.dedent(source))
        return self

    def write(self, name: str, content: str) -> Path:
        """Puts another file beside the program."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(content))
        return file

    def configure(self, **values: str) -> PulumiProgram:
        """Sets configuration of the stack."""
        pairs = [f"--plaintext={key}={value}" for key, value in values.items()]
        self.run("config", "set-all", *pairs).check()
        return self

    def preview(self, *flags: str, json: bool = False) -> Result:
        """`pulumi preview`, with the diff unless as JSON."""
        return self.run("preview", "--json" if json else "--diff", *flags)

    def up(self, *flags: str) -> Result:
        """`pulumi up`, unasked and without a preview before it."""
        return self.run("up", "--yes", "--skip-preview", *flags)

    def refresh(self, *flags: str) -> Result:
        """`pulumi refresh`, unasked."""
        return self.run("refresh", "--yes", "--skip-preview", *flags)

    def destroy(self, *flags: str) -> Result:
        """`pulumi destroy`, unasked."""
        return self.run("destroy", "--yes", "--skip-preview", *flags)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets included."""
        found = self.run("stack", "output", "--json", "--show-secrets").check().json
        return dict(found)

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state."""
        state = self.run("stack", "export").check().json
        return list(state["deployment"].get("resources") or [])

    def run(self, *words: str) -> Result:
        """Any command; past the time limit it is interrupted as by Ctrl-C, and fails."""
        running = self.start(*words)
        try:
            return running.wait(self.timeout)
        except BaseException:
            running.kill()
            raise

    def start(self, *words: str) -> Running:
        """A command, running; for tests that interrupt it."""
        return Running(_command(words), self.folder, {**self.env, "PULUMI_STACK": self.stack})


class Running:
    """A command in a session of its own.

    It prints into files: plugins that outlive it would hold pipes open.
    """

    def __init__(self, command: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> None:
        self.command = command
        printed = Path(mkdtemp(prefix="printed-", dir=folder.parent))
        self._files = (printed / "stdout", printed / "stderr")
        with self._files[0].open("wb") as stdout, self._files[1].open("wb") as stderr:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return "\n".join(map(_content, self._files))

    def interrupt(self) -> None:
        """What Ctrl-C does: everything of its process group gets the signal."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """Ends it at once, as a crash does."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def wait(self, seconds: float, patience: float = 30) -> Result:
        """Its result; after `seconds` it is interrupted, and `patience` seconds later killed."""
        late = ""
        for sign, wait in ((None, seconds), (signal.SIGINT, patience), (signal.SIGKILL, patience)):
            if sign:
                late = f"\nstopped by the test after {seconds:.0f} s"
                self._signal(sign)
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(wait)
                stdout, stderr = map(_content, self._files)
                return Result(self.command, code or int(bool(late)), stdout, stderr + late)
        raise RuntimeError(f"process {self._process.pid} survived SIGKILL")

    def _signal(self, sign: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, sign)


def _content(file: Path) -> str:
    return file.read_text(errors="replace")


def name_of(urn: str) -> str:
    """The logical name in a URN."""
    return urn.rsplit("::", 1)[-1]


def _no_log(home: Path) -> None:
    """Put a file where pulumi wants a folder for its log of every property of every resource.

    Nothing reads that log here, and writing it takes longer than all the rest of a preview.
    """
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "logs").exists():
        (home / "logs").touch()


def _command(words: Sequence[str]) -> tuple[str, ...]:
    return ("pulumi", *words, "--non-interactive", "--color", "never")


def _environment(folder: Path, path: Sequence[Path], extra: Mapping[str, str]) -> dict[str, str]:
    python = Path(sys.executable).parent
    inherited = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
    folders = [str(python), *map(str, path), inherited.get("PATH", os.defpath)]
    return {
        **inherited,
        "PATH": os.pathsep.join(folders),
        "VIRTUAL_ENV": sys.prefix,
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }
