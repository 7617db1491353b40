"""unittest's own classes, under pytest and under `python -m unittest`."""

import unittest

import pytest

from qmp_iothreadd.testing import Client, Server


class ContextCase(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Server())

    def test_scripted(self):
        self.server.respond("query-name", {"name": "scripted"})
        with Client.connect(self.server.path) as client:
            client.negotiate()
            self.assertEqual(client.execute("query-name"), {"name": "scripted"})
        self.assertEqual(self.server.requests("query-name"), [{}])


class AsyncCase(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.server = await self.enterAsyncContext(Server())

    async def test_it(self):
        import asyncio

        reader, writer = await asyncio.open_unix_connection(self.server.path)
        self.assertIn(b"QMP", await reader.readline())
        writer.close()
        await writer.wait_closed()


@pytest.mark.usefixtures("qmp_server")
class FixtureCase(unittest.TestCase):
    def setUp(self):
        if not hasattr(self, "qmp_server"):
            self.skipTest("pytest's fixtures need pytest")

    def test_it(self):
        with Client.connect(self.qmp_server.path) as client:
            client.negotiate()
            self.assertEqual(client.execute("query-iothreads"), [])
