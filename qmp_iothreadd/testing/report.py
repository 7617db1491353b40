"""Sections of pytest's report of a failure: what went over the wire, and what a daemon said."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence


class Told(Protocol):
    """A server or a process that a test has: what it can tell when the test fails."""

    def tell(self) -> Sequence[tuple[str, str]]:
        """Titles and texts."""


class Reports:
    """A plugin of pytest's, which comes with the first fixture that is used.

    A server of the whole session tells of each test that fails.
    """

    def __init__(self) -> None:
        self._watched: list[tuple[pytest.Item | None, str, Told]] = []
        self._failed: set[str] = set()

    def watch(self, item: Any, name: str, told: Told) -> None:
        """Ask what there is to tell when ``item`` fails, or any test where it is None."""
        self._watched.append((item, name, told))

    def failed(self, item: pytest.Item) -> bool:
        """Whether the test has failed already."""
        return item.nodeid in self._failed

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the sections to what fails."""
        report = yield
        if report.failed:
            self._failed.add(item.nodeid)
            for owner, name, told in self._watched:
                if owner is None or owner is item:
                    said = told.tell()
                    report.sections += [(f"{name}: {title}", text) for title, text in said if text]
        if report.when == "teardown":
            self._failed.discard(item.nodeid)
            self._watched = [each for each in self._watched if each[0] is not item]
        return report


def reports_of(config: pytest.Config) -> Reports:
    """The run's one ``Reports``."""
    name = "qmp_iothreadd-reports"
    found = config.pluginmanager.get_plugin(name)
    if found is None:
        found = Reports()
        config.pluginmanager.register(found, name)
    assert isinstance(found, Reports)
    return found
