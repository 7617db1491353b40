"""A report in headless Chromium: nothing fails, the plots are drawn and can be read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.lab import cli

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

# Runs in the page once all is laid out, and tells the window around it what it found.
PROBE = """
<script>
addEventListener("load", () => {
  const light = colour => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0);
  const body = getComputedStyle(document.body);
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1
    || a.bottom <= b.top + 3 || b.bottom <= a.top + 3;
  const inside = (a, b) => a.left > b.left - 1 && a.right < b.right + 1
    && a.top > b.top - 1 && a.bottom < b.bottom + 1;
  const look = svg => {
    const all = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map(
      each => ({name: each.textContent, box: each.getBoundingClientRect()}));
    return {
      left: all.left, right: all.right, height: all.height,
      letters: 14 * all.width / svg.viewBox.baseVal.width,
      marks: [...svg.querySelectorAll("circle, path.line, rect")].filter(
        each => each.getBoundingClientRect().width > 0).length,
      outside: texts.filter(each => !inside(each.box, all)).map(each => each.name),
      touching: texts.flatMap((a, i) => texts.slice(i + 1).filter(
        b => !apart(a.box, b.box)).map(b => a.name + " and " + b.name)),
    };
  };
  parent.postMessage({
    width: innerWidth,
    scrolled: document.documentElement.scrollWidth,
    dark: light(body.backgroundColor) < light(body.color),
    plots: [...document.querySelectorAll("svg.plot")].map(look),
  }, "*");
});
</script>
"""

# A window is no narrower than 500 pixels: a telephone is a frame in it.
FRAME = """<!doctype html><meta name="color-scheme" content="light dark">
<script>addEventListener("message", event =>
  document.body.textContent = `FOUND ${{JSON.stringify(event.data)}}`)</script>
<body><iframe src="{page}" style="border:0;width:{width}px;height:900px"></iframe>
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a plot of each kind."""
    path = tmp_path_factory.mktemp("report") / "found.html"
    words = [
        "simulate",
        "--requests",
        "20000",
        "--weight",
        "1,2,3",
        "--max-ns",
        "8000,100000",
    ]
    assert cli.main([*words, "--policy", "weighted,clairvoyant", "--html", str(path)]) == 0
    page = path.read_text()
    assert page.count('<svg class="plot"') == 5
    path.write_text(page.replace("</body>", f"{PROBE}</body>"))
    return path


def look(page: Path, width: int, *switches: str) -> dict[str, Any]:
    """What the probe finds in a window of that width; whatever the console says is an error."""
    assert CHROMIUM is not None
    words = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    # Its sockets need a shorter path than pytest's folders have.
    with tempfile.TemporaryDirectory() as home:
        frame = Path(home, "frame.html")
        frame.write_text(FRAME.format(page=page.as_uri(), width=width))
        words += [
            "--window-size=1400,1000",
            "--virtual-time-budget=2000",
            f"--user-data-dir={home}",
            *switches,
        ]
        done = subprocess.run(
            [*words, "--dump-dom", frame.as_uri()],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "TMPDIR": home, "HOME": home},
        )
    assert "CONSOLE" not in done.stderr, done.stderr
    found = re.search("FOUND ({.*})", done.stdout)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return dict(json.loads(unescape(found[1])))


@pytest.mark.parametrize("width", [1280, 400])
def test_its_plots_are_drawn_and_can_be_read(report: Path, width: int) -> None:
    found = look(report, width)
    assert found["width"] == width
    assert found["scrolled"] <= width
    assert not found["dark"]
    assert len(found["plots"]) == 5
    for plot in found["plots"]:
        assert plot["marks"] > 0
        assert plot["left"] >= 0
        assert plot["right"] <= width
        assert plot["letters"] >= 10
        assert plot["height"] > 80
        assert plot["outside"] == []
        assert plot["touching"] == []


def test_it_is_dark_where_all_is(report: Path) -> None:
    found = look(report, 800, "--blink-settings=preferredColorScheme=0")
    assert found["dark"]


def test_what_fails_in_a_page_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "wrong.html"
    page.write_text(f"<body><script>nothing()</script>{PROBE}")
    with pytest.raises(AssertionError, match="nothing is not defined"):
        look(page, 800)
