"""The machine's iptables: a few rules of ours, and those that kube-proxy makes."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from .command import run, succeeds
from .errors import DevClusterError
from .programs import Programs
from .settings import BRIDGE, NAME, Settings

FAMILIES = ("iptables", "ip6tables")
KUBE = "KUBE-"


def rules(settings: Settings) -> tuple[tuple[str, ...], ...]:
    """Table and rule; each is put first, so that the last one is asked first.

    Pods may talk to anybody. From other machines nobody may talk to pods or to the node
    address, whatever those machines take for their route.
    """
    pods, node = str(settings.pod_network), f"{settings.node_address}/32"
    everything = str(settings.network)
    return (
        ("filter", "INPUT", "-d", node, "!", "-i", "lo", "-j", "DROP"),
        ("filter", "INPUT", "-i", BRIDGE, "-j", "ACCEPT"),
        ("filter", "FORWARD", "-o", BRIDGE, "-j", "DROP"),
        (
            *("filter", "FORWARD", "-o", BRIDGE, "-m", "conntrack"),
            *("--ctstate", "RELATED,ESTABLISHED", "-j", "ACCEPT"),
        ),
        ("filter", "FORWARD", "-i", BRIDGE, "-j", "ACCEPT"),
        ("nat", "POSTROUTING", "-s", pods, "!", "-d", everything, "-j", "MASQUERADE"),
    )


@dataclass(frozen=True)
class Firewall:
    """The machine's iptables, as one set of programs sees them."""

    programs: Programs

    def tables(self) -> dict[str, list[str]]:
        """The tables that exist, by family."""
        return {family: [table for table, _ in self._saved(family)] for family in self._families()}

    def require_free(self) -> None:
        """Refuse a machine on which somebody else's kube-proxy makes its rules."""
        if not self._ours() and any(KUBE in line for line in self._lines()):
            raise DevClusterError(
                "Another Kubernetes uses this machine's iptables (there are KUBE- chains); "
                "stop it first, or remove what it left with `kube-proxy --cleanup`."
            )

    def ensure(self, settings: Settings) -> None:
        """Put our rules, and only once, before everybody else's."""
        saved = dict(self._saved("iptables"))
        for table in sorted({table for table, *_ in rules(settings)}):
            old = [f"-D {line[3:]}" for line in saved.get(table, ()) if _named(line)]
            new = [
                " ".join(["-I", *rule, "-m", "comment", "--comment", NAME])
                for owner, *rule in rules(settings)
                if owner == table
            ]
            self._restore(
                "iptables", "\n".join([f"*{table}", *old, *new, "COMMIT", ""]), "--noflush"
            )

    def clean(self, before: dict[str, list[str]]) -> None:
        """Remove our rules, kube-proxy's, and the tables that were not there before.

        Without rules of ours nothing is touched: kube-proxy's are then somebody else's.
        """
        if not self._ours():
            return
        for family in self._families():
            for table, lines in self._saved(family):
                script = _removal(table, lines)
                if script:
                    self._restore(family, script, "--noflush")
            for table, lines in self._saved(family):
                if table not in before.get(family, [table]) and _empty(lines):
                    self._restore(family, f"*{table}\nCOMMIT\n")

    def _ours(self) -> bool:
        return any(map(_named, self._lines()))

    def _lines(self) -> list[str]:
        tables = [table for family in self._families() for table in self._saved(family)]
        return [line for _, lines in tables for line in lines]

    def _families(self) -> list[str]:
        """Those that the machine has programs for, and the kernel an implementation."""
        saves = {family: self.programs.lookup(f"{family}-save") for family in FAMILIES}
        return [family for family, save in saves.items() if save and succeeds([save])]

    def _saved(self, family: str) -> list[tuple[str, list[str]]]:
        found: list[tuple[str, list[str]]] = []
        for line in run([self.programs.find(f"{family}-save")]).splitlines():
            if line.startswith("*"):
                found.append((line[1:], []))
            elif line.startswith((":", "-A")):
                found[-1][1].append(line)
        return found

    def _restore(self, family: str, script: str, *options: str) -> None:
        run([self.programs.find(f"{family}-restore"), *options], stdin=script)


def _removal(table: str, lines: list[str]) -> str:
    """What `iptables-restore` has to do so that nothing of ours is left in a table."""
    chains = [line.split()[0][1:] for line in lines if line.startswith(f":{KUBE}")]
    deleted = [f"-D {line[3:]}" for line in lines if _removed(line)]
    if not chains and not deleted:
        return ""
    emptied = [f":{chain} - [0:0]" for chain in chains]
    dropped = [f"-X {chain}" for chain in chains]
    return "\n".join([f"*{table}", *emptied, *deleted, *dropped, "COMMIT", ""])


def _removed(line: str) -> bool:
    if not line.startswith("-A") or line.startswith(f"-A {KUBE}"):
        return False
    words = shlex.split(line)
    target = words[words.index("-j") + 1] if "-j" in words else ""
    return target.startswith(KUBE) or _named(line)


def _named(line: str) -> bool:
    return f"--comment {NAME} " in f"{line} "


def _empty(lines: list[str]) -> bool:
    return all(line.startswith(":") and line.split()[1] == "ACCEPT" for line in lines)
