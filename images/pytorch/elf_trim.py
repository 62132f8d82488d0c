"""Take GPU code and debug symbols out of shared libraries that will never see a GPU.

    python elf_trim.py <library>...

Whole pages of the sections are cut out of the file. A segment that loses pages in its middle is
split in two, for which the program header of a note is given up: nothing reads it at run time.
"""

from __future__ import annotations

import struct
import sys
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import ClassVar

PAGE = 4096
UNUSED = (".nv_fatbin", ".symtab", ".strtab")
LOAD, NOTE = 1, 4
SECTION_NULL = 0


@dataclass
class Segment:
    """A program header."""

    LAYOUT: ClassVar = struct.Struct("<IIQQQQQQ")
    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    in_file: int
    in_memory: int
    align: int


@dataclass
class Section:
    """A section header."""

    LAYOUT: ClassVar = struct.Struct("<IIQQQQIIQQ")
    name_at: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int
    name: str = field(default="", compare=False)

    def pages(self) -> tuple[int, int]:
        """File range of the whole pages inside it; empty when the end is not above the start."""
        return -(-self.offset // PAGE) * PAGE, (self.offset + self.size) // PAGE * PAGE


class Library:
    """A 64-bit little-endian ELF file."""

    def __init__(self, data: bytes) -> None:
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a 64-bit little-endian ELF file")
        self.data = data
        self.segments_at, self.sections_at = struct.unpack_from("<QQ", data, 32)
        (segments,) = struct.unpack_from("<H", data, 56)
        sections, names = struct.unpack_from("<HH", data, 60)
        self.segments = [
            Segment(*Segment.LAYOUT.unpack_from(data, self.segments_at + i * Segment.LAYOUT.size))
            for i in range(segments)
        ]
        self.sections = [
            Section(*Section.LAYOUT.unpack_from(data, self.sections_at + i * Section.LAYOUT.size))
            for i in range(sections)
        ]
        for section in self.sections:
            start = self.sections[names].offset + section.name_at
            section.name = data[start : data.index(b"\0", start)].decode()

    def trimmed(self) -> bytes:
        """The file without the unused sections' pages."""
        cuts = []
        for section in self.sections:
            first, end = section.pages()
            if section.name in UNUSED and end > first and self._split(first, end):
                cuts.append((first, end))
                section.kind = SECTION_NULL
        cuts.sort()
        return self._without(cuts)

    def _split(self, first: int, end: int) -> bool:
        """Make every segment end before the cut or begin after it; say whether that worked."""
        around = [s for s in self.segments if s.offset < end and s.offset + s.in_file > first]
        if not around:
            return True
        spare = next((s for s in self.segments if s.kind == NOTE), None)
        if len(around) > 1 or around[0].kind != LOAD or spare is None:
            return False
        head = around[0]
        tail = Segment(
            head.kind,
            head.flags,
            end,
            head.address + end - head.offset,
            head.physical + end - head.offset,
            head.in_file - (end - head.offset),
            head.in_memory - (end - head.offset),
            head.align,
        )
        head.in_file = head.in_memory = first - head.offset
        self.segments.remove(spare)
        self.segments.insert(self.segments.index(head) + 1, tail)
        return True

    def _without(self, cuts: list[tuple[int, int]]) -> bytes:
        def moved(offset: int) -> int:
            return offset - sum(end - first for first, end in cuts if offset >= end)

        kept, at = bytearray(), 0
        for first, end in cuts:
            kept += self.data[at:first]
            at = end
        kept += self.data[at:]
        for segment in self.segments:
            segment.offset = moved(segment.offset)
        for section in self.sections:
            section.offset = moved(section.offset)
        struct.pack_into("<Q", kept, 40, moved(self.sections_at))
        for i, segment in enumerate(self.segments):
            Segment.LAYOUT.pack_into(
                kept, self.segments_at + i * Segment.LAYOUT.size, *astuple(segment)
            )
        for i, section in enumerate(self.sections):
            Section.LAYOUT.pack_into(
                kept, moved(self.sections_at) + i * Section.LAYOUT.size, *astuple(section)[:-1]
            )
        return bytes(kept)


def main() -> None:
    """Rewrite each library in place."""
    for path in map(Path, sys.argv[1:]):
        before = path.read_bytes()
        after = Library(before).trimmed()
        if len(after) < len(before):
            path.write_bytes(after)
        print(f"{path.name}: {len(before) >> 20} -> {len(after) >> 20} MiB")


if __name__ == "__main__":
    main()
