"""The commands of docs/tuning.md, what they print, and the plots below them.

A block of the kind ``console`` has one command, after ``$ iothread-lab``, and what it printed. An
image below it, ``tuning/NAME.pareto.svg``, is the plot of that run that has this name.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchlib.errors import BenchError

from qmp_iothreadd.lab import cli
from qmp_iothreadd.lab.figures import figures
from qmp_iothreadd.lab.plots import STYLE

DOCUMENT = Path(__file__).parents[2] / "docs" / "tuning.md"
# The words with which the captions of each plot begin.
PLOTS = {
    "pareto": "What latency costs",
    "cdf": "How long requests waited",
    "windows": "How long is polled",
    "cpu-map": "CPU per request by",
    "p99-map": "p99 latency by",
}
_BLOCK = re.compile(
    r"^```console\n\$ iothread-lab (?P<words>[^\n]*)\n(?P<printed>.*?)```\n"
    r"(?:\n!\[[^\]]*\]\((?P<image>[^)]*)\)\n)?",
    re.MULTILINE | re.DOTALL,
)
_LEGEND = re.compile(r'<li><i style="background:([^"]*)"></i>([^<]*)</li>')
_LEGEND_WIDTH, _LEGEND_LINE = 240, 22


@dataclasses.dataclass(frozen=True)
class Step:
    """A command's arguments, and the file of its plot, below the document's folder."""

    arguments: tuple[str, ...]
    image: str | None

    @property
    def is_measured(self) -> bool:
        """Whether it runs on real threads, and comes out otherwise each time."""
        return self.arguments[0] == "measure"


def steps(text: str) -> Iterator[Step]:
    """All commands, in their order."""
    for found in _BLOCK.finditer(text):
        yield _step(found)


def _step(found: re.Match[str]) -> Step:
    return Step(tuple(shlex.split(found["words"])), found["image"])


def run(step: Step, folder: Path) -> str:
    """Run it, write its plot; returns what it prints. Raises BenchError: it failed."""
    with tempfile.TemporaryDirectory() as place:
        result = Path(place, "result.json")
        arguments = [*step.arguments, *(["--json", str(result)] if step.image else [])]
        out, said = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            status = cli.main(arguments)
        if status:
            raise BenchError(f"{' '.join(arguments)} failed: {said.getvalue()}")
        if step.image:
            image = folder / step.image
            image.parent.mkdir(exist_ok=True)
            image.write_text(picture(json.loads(result.read_text()), step.image))
    return out.getvalue()


def picture(result: dict[str, object], image: str) -> str:
    """An SVG file of its own, with the style and the legend of the page in it."""
    kind = Path(image).stem.rpartition(".")[2]
    rows = result["results"]
    assert isinstance(rows, list)
    for caption, drawing in figures(rows):
        if caption.startswith(PLOTS[kind]):
            return _alone(drawing)
    raise BenchError(f"{image}: this run has no plot {kind}")


def _alone(drawing: str) -> str:
    svg, _, rest = drawing.partition("</svg>")
    box = re.search(r'viewBox="0 0 (\S+) (\S+)"', svg)
    assert box is not None
    width, height = float(box[1]), float(box[2])
    columns = max(int(width // _LEGEND_WIDTH), 1)
    names = _LEGEND.findall(rest)
    legend = ""
    for i, (colour, name) in enumerate(names):
        x = 20 + i % columns * _LEGEND_WIDTH
        y = height + 8 + i // columns * _LEGEND_LINE
        legend += f'<rect x="{x}" y="{y:g}" width="12" height="12" style="fill:{colour}"/>\n'
        legend += f'<text x="{x + 18}" y="{y + 11:g}">{name}</text>\n'
    whole = height + _LEGEND_LINE * -(-len(names) // columns) + 10
    svg = svg.replace(
        box[0], f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {whole:g}"'
    )
    paper = '<rect width="100%" height="100%" style="fill:var(--paper)"/>'
    head, end, body = svg.partition(">\n")
    return f"{head}{end}<style>{STYLE}</style>\n{paper}\n{body}{legend}</svg>\n"


def written(text: str, printed: Mapping[Step, str]) -> str:
    """The document with what commands printed now."""

    def block(found: re.Match[str]) -> str:
        step = _step(found)
        if step not in printed:
            return found[0]
        start, end = (at - found.start() for at in found.span("printed"))
        return found[0][:start] + printed[step] + found[0][end:]

    return _BLOCK.sub(block, text)
