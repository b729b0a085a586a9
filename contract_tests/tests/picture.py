"""Makes the picture of the matrix that the README shows: `python contract_tests/tests/picture.py RESULT.json…`.

It needs a Chromium. The PNG has a palette of few colours, which keeps it small.
"""

from __future__ import annotations

import argparse
import struct
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from browser import Browser, installed

from huifu_contract.grading import results
from huifu_contract.reports import html

COLOURS = 96
PLACE = Path(__file__).parents[1] / "matrix.png"
WIDTH = 1200
SIGNATURE = b"\x89PNG\r\n\x1a\n"
Pixel = tuple[int, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, metavar="RESULT.json")
    parser.add_argument("--out", type=Path, default=PLACE)
    parser.add_argument("--lang", choices=["en", "zh"], default="en")
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--scale", type=float, default=1.5, help="pixels for each CSS pixel")
    options = parser.parse_args()
    program = installed()
    if program is None:
        print("picture.py: there is no Chromium here (Debian and Ubuntu: the package chromium)", file=sys.stderr)
        return 4
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "matrix.html"
        page.write_text(html.render([results.read(path) for path in options.results]), encoding="utf-8")
        with Browser(program) as browser:
            query = f"?lang={options.lang}&theme={options.theme}&picture"
            browser.show(page, query, width=WIDTH, scale=options.scale)
            browser.picture(options.out, whole=True)
    options.out.write_bytes(smaller(options.out.read_bytes()))
    print(f"wrote {options.out}: {options.out.stat().st_size // 1024} KiB")
    return 0


def smaller(png: bytes) -> bytes:
    """The same picture with a palette: its most frequent colours, the others replaced by the nearest of them."""
    width, height, rows = pixels(png)
    counts = Counter(pixel for row in rows for pixel in row)
    palette = [colour for colour, _ in counts.most_common(COLOURS)]
    place = {colour: number for number, colour in enumerate(palette)}
    for colour in counts:
        if colour not in place:
            place[colour] = min(range(len(palette)), key=lambda number: _distance(palette[number], colour))
    lines = b"".join(b"\0" + bytes(place[pixel] for pixel in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    parts = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def pixels(png: bytes) -> tuple[int, int, list[list[Pixel]]]:
    """Width, height and rows of (red, green, blue) of an 8-bit picture as Chromium makes it; its alpha is left out."""
    chunks = dict[bytes, bytes]()
    for kind, data in _chunks(png):
        chunks[kind] = chunks.get(kind, b"") + data
    width, height, depth, kind_of_colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    size = {2: 3, 6: 4}.get(kind_of_colour)
    if depth != 8 or size is None:
        raise ValueError("only 8-bit RGB and RGBA pictures are read")
    raw, stride = zlib.decompress(chunks[b"IDAT"]), width * size + 1
    above = bytearray(stride - 1)
    rows: list[list[Pixel]] = []
    for start, end in pairwise(range(0, len(raw) + 1, stride)):
        above = _unfiltered(raw[start], bytearray(raw[start + 1 : end]), above, size)
        rows.append(list(zip(above[0::size], above[1::size], above[2::size], strict=True)))
    return width, height, rows


def _unfiltered(kind: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    guess = PREDICT[kind]
    for at, value in enumerate(line):
        left, corner = (line[at - size], above[at - size]) if at >= size else (0, 0)
        line[at] = (value + guess(left, above[at], corner)) & 255
    return line


def _paeth(left: int, above: int, corner: int) -> int:
    near = left + above - corner
    return min((left, above, corner), key=lambda one: abs(near - one))


PREDICT: dict[int, Callable[[int, int, int], int]] = {
    0: lambda _left, _above, _corner: 0,
    1: lambda left, _above, _corner: left,
    2: lambda _left, above, _corner: above,
    3: lambda left, above, _corner: (left + above) // 2,
    4: _paeth,
}


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _distance(one: Pixel, other: Pixel) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    sys.exit(main())
