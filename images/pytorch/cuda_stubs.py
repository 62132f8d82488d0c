"""Make torch's CUDA build importable without CUDA: stand-ins for the libraries it is linked to.

    python cuda_stubs.py <site-packages>/torch/lib

Every function of a stand-in answers 100, which is CUDA's "no device". Needs binutils.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

NO_DEVICE = 100
RUNTIME = "libcudart."
CODE = {"x86_64": f"movl ${NO_DEVICE}, %eax\n ret", "aarch64": f"mov w0, #{NO_DEVICE}\n ret"}
VENDOR = re.compile(r"(__)?(cu|nv|nccl|cupti)", re.IGNORECASE)
SYSTEM = re.compile(r"GLIBC|GCC|CXXABI|GLIBCXX|GOMP|OMP|LIB(C|M|PTHREAD)_")


@dataclass
class Stub:
    """A library that is missing, and the symbols it has to have by symbol version."""

    name: str
    symbols: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def link(self, folder: Path) -> None:
        """Assemble and link it into `folder`."""
        names = sorted(set().union(*self.symbols.values()))
        lines = [".text", "no_device:", CODE[os.uname().machine]]
        for name in names:
            lines += [f".globl {name}", f".type {name}, @function", f".set {name}, no_device"]
        lines.append('.section .note.GNU-stack, "", @progbits')
        with tempfile.TemporaryDirectory() as scratch:
            source, script = Path(scratch, "stub.s"), Path(scratch, "versions")
            source.write_text("\n".join(lines) + "\n")
            versions = {version: held for version, held in self.symbols.items() if version}
            script.write_text(
                "".join(
                    f"{version} {{ global: {'; '.join(sorted(held))}; }};\n"
                    for version, held in versions.items()
                )
            )
            run("as", "-o", f"{scratch}/stub.o", str(source))
            run(
                *("ld", "-shared", "-z", "noexecstack", "-soname", self.name),
                *(["--version-script", str(script)] if versions else []),
                *("-o", str(folder / self.name), f"{scratch}/stub.o"),
            )


def run(*command: str) -> str:
    """Output of a command that must succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic(library: Path, tag: str) -> set[str]:
    """Names under a tag such as NEEDED in the library's dynamic section."""
    listing = run("readelf", "--dynamic", "--wide", str(library))
    return set(re.findall(rf"\({tag}\).*\[(.+)\]", listing))


def undefined(library: Path) -> set[tuple[str, str]]:
    """Names and versions of the symbols that a library takes from others."""
    listing = run("nm", "--dynamic", "--undefined-only", "--with-symbol-versions", str(library))
    taken = (line.split()[-1] for line in listing.splitlines())
    return {(name, version) for name, _, version in (one.partition("@") for one in taken)}


def missing_libraries(libraries: list[Path]) -> set[str]:
    """What the libraries need and neither they nor the system have."""
    needed = set().union(*(dynamic(library, "NEEDED") for library in libraries))
    present = {library.name for library in libraries}
    present |= set().union(*(dynamic(library, "SONAME") for library in libraries))
    present |= {line.split()[0] for line in run("/sbin/ldconfig", "-p").splitlines()[1:]}
    return needed - present


def plan(libraries: list[Path]) -> list[Stub]:
    """The stand-ins, with each vendor symbol in the library that its version names."""
    stubs = {name: Stub(name) for name in missing_libraries(libraries)}
    if not stubs:
        return []
    runtime = next(stub for name, stub in stubs.items() if name.startswith(RUNTIME))
    for name, at_version in set().union(*(undefined(library) for library in libraries)):
        version = at_version.lstrip("@")
        if version and not SYSTEM.match(version):
            stubs.get(version, runtime).symbols[version].add(name)
        elif not version and VENDOR.match(name):
            runtime.symbols[""].add(name)
    return list(stubs.values())


def main() -> None:
    """Write the stand-ins beside torch's own libraries."""
    folder = Path(sys.argv[1])
    stubs = plan(sorted(folder.glob("*.so*")))
    for stub in stubs:
        stub.link(folder)
    print(f"{len(stubs)} stand-ins: {', '.join(sorted(stub.name for stub in stubs))}")


if __name__ == "__main__":
    main()
