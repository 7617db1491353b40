"""A report: one page of HTML that needs nothing else, of one run of the lab or of several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from qmp_iothreadd.lab.figures import figures, labels, on_front
from qmp_iothreadd.lab.plots import STYLE
from qmp_iothreadd.lab.tables import Column, Row, cells

# A page stays one that a browser opens at once: the CSV has the other rows.
MOST_ROWS = 500
_MOST_FACT = 2000

_STYLE = """\
body{margin:0 auto;max-width:75rem;padding:1rem;background:var(--paper);color:var(--ink);\
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .5rem}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
pre{border:1px solid var(--rule);border-radius:4px;padding:.6rem;white-space:pre-wrap;\
overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1rem 1rem;margin:0}
dt,figcaption,.note{color:var(--faint)}
dd{margin:0;overflow-wrap:anywhere}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
th:first-child,td:first-child{text-align:left}
tr.front td{font-weight:600}
.warning{border-left:4px solid var(--s7);padding-left:.8rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,29rem),1fr));gap:2rem;margin-top:1.5rem}
figure{margin:0;min-width:0}
figcaption{font-size:.9rem;margin-bottom:.4rem}
"""


def page(
    runs: Sequence[tuple[Mapping[str, Any], Mapping[str, Column]]], beside: Sequence[str] = ()
) -> str:
    """The page for what runs wrote as JSON.

    Args:
        runs: ``command``, ``results`` and anything else that is to be said of them, and columns:
            headings, and how cells are made of a row; what no row has is left out.
        beside: files with the same results, which the page links.
    """
    title = " and ".join(dict.fromkeys(f"iothread-lab {run['command']}" for run, _ in runs))
    body = "".join(part for run, columns in runs for part in _run(run, columns))
    links = ", ".join(f'<a href="{escape(name)}">{escape(name)}</a>' for name in beside)
    found = f'<p class="note">The same as data: {links}</p>\n' if beside else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{body}{found}</body>\n</html>\n"
    )


def _run(run: Mapping[str, Any], columns: Mapping[str, Column]) -> Iterator[str]:
    rows: list[Row] = run["results"]
    yield f"<h2>{escape(run['command'])}</h2>\n"
    if line := run.get("command_line"):
        yield f"<pre><code>{escape(str(line))}</code></pre>\n"
    facts = "".join(
        f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(_fact(value))}</dd>"
        for name, value in run.items()
        if name not in ("command", "command_line", "results", "warnings")
        and value not in ([], {}, None)
    )
    if facts:
        yield f"<dl>{facts}</dl>\n"
    yield from _warnings(rows, run.get("warnings"))
    drawn = "".join(
        f"<figure><figcaption>{escape(each.caption)}</figcaption>\n{each.drawing}</figure>\n"
        for each in figures(rows)
    )
    if drawn:
        yield f'<div class="figures">\n{drawn}</div>\n'
    yield from _table(rows, columns)


def _fact(value: Any) -> str:
    """A value as text, short enough to be read."""
    if isinstance(value, dict) and value.keys() == {"value", "low", "high"}:
        change, low, high = (_share(value[name]) for name in ("value", "low", "high"))
        text = f"{change} ({low} to {high})"
    elif isinstance(value, dict):
        text = ", ".join(f"{name}={_fact(each)}" for name, each in value.items())
    elif isinstance(value, list):
        text = "; ".join(map(_fact, value))
    else:
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _MOST_FACT else f"{text[:_MOST_FACT]}…"


def _share(value: Any) -> str:
    return f"{value:+.1%}" if isinstance(value, (int, float)) else str(value)


def _warnings(rows: Sequence[Row], more: Any) -> Iterator[str]:
    """What is wrong with results: their runs say so themselves."""
    flagged = [str(row["flagged"]) for row in rows if row.get("flagged")]
    said = [str(each) for each in more] if isinstance(more, list) else []
    if flagged:
        reasons = "; ".join(dict.fromkeys(flagged))
        said.append(f"{len(flagged)} of {len(rows)} results are flagged: {reasons}.")
    for label, row in zip(labels(rows), rows, strict=True):
        found = row.get("disagreements")
        said += [f"{label}: {each}" for each in found] if isinstance(found, list) else []
    for each in said:
        yield f'<p class="warning">{escape(each)}</p>\n'


def _table(rows: Sequence[Row], columns: Mapping[str, Column]) -> Iterator[str]:
    """The sets with their figures; of very many those on the front, then the first."""
    front = on_front(rows)
    shown = sorted(sorted(range(len(rows)), key=lambda i: not front[i])[:MOST_ROWS])
    if not shown:
        yield '<p class="note">No results.</p>\n'
        return
    made = cells([rows[i] for i in shown], columns)
    head = "".join(f"<th>{escape(name)}</th>" for name in made)
    yield f'<div class="wide"><table>\n<tr>{head}</tr>\n'
    for i, line in zip(shown, zip(*made.values(), strict=True), strict=True):
        mark = ' class="front"' if front[i] else ""
        yield f"<tr{mark}>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>\n"
    yield "</table></div>\n"
    if any(front):
        yield '<p class="note">Bold: nothing with as little CPU has a shorter p99.</p>\n'
    if len(shown) < len(rows):
        left = len(rows) - len(shown)
        yield f'<p class="note">{left} further results are in the CSV file alone.</p>\n'
