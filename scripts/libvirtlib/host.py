"""libvirt as an ordinary user has it: a folder, an environment, a daemon, virsh."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from libvirtlib.waiting import wait_until

SYSTEM_PYTHON = "/usr/bin/python3"
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_REAPER = Path(__file__).with_name("reaper.py").read_text()
_SECONDS = 60


class RefusedError(Exception):
    """A command failed: what it said on standard error."""


def ordinary_user() -> dict[str, Any]:
    """subprocess's options by which a program does not run as root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def can_run(program: str | Path) -> bool:
    """Whether an ordinary user, with nothing in the environment, can run this."""
    try:
        done = subprocess.run(
            [program, "--version"],
            **ordinary_user(),
            cwd="/",
            env={"PATH": PATH, "HOME": "/nonexistent"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
    except OSError:
        return False
    return done.returncode == 0


class Host:
    """A folder that is a user's home; ``emulator`` is a link in it, of any name."""

    def __init__(self, program: str | Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="libvirt-"))
        self.emulator = self.folder / "an-emulator"
        self.emulator.symlink_to(program)
        self.uri = "qemu:///session"
        self._user = ordinary_user()
        self.environment = {
            "LC_ALL": "C",
            "PATH": PATH,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "LIBVIRT_AUTOSTART": "0",
        }
        # Otherwise each domain's standard error goes through one more daemon, which has to start.
        for config in (".config/libvirt", "embedded/etc"):
            (self.folder / config).mkdir(parents=True)
            (self.folder / config / "qemu.conf").write_text('stdio_handler = "file"\n')
        (self.folder / "run").mkdir(mode=0o700)
        if self._user:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self._user["user"], self._user["group"], follow_symlinks=False)

    def run(self, *argv: str | Path, reaped: bool = False) -> str:
        """What a program says on standard output; RefusedError with the other if it fails."""
        command = [SYSTEM_PYTHON, "-c", _REAPER, *argv] if reaped else list(argv)
        done = subprocess.run(
            command,
            **self._user,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        if done.returncode != 0:
            raise RefusedError(done.stderr.strip() or done.stdout.strip())
        said: str = done.stdout.strip("\n")
        return said

    def start(self, *argv: str | Path, **options: Any) -> subprocess.Popen[str]:
        """A program of the user's that goes on."""
        return subprocess.Popen(
            argv,
            **options,
            **self._user,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env=self.environment,
            text=True,
        )

    def file(self, name: str, content: str | int) -> Path:
        """A file of the user's: a text, or as many bytes of nothing."""
        path = self.folder / name
        with open(path, "w") as file:
            if isinstance(content, str):
                file.write(content)
            else:
                file.truncate(content)
        if self._user:
            os.chown(path, self._user["user"], self._user["group"])
        return path

    def processes(self) -> dict[int, str]:
        """The command lines of all that has this folder for a home, by process id."""
        mark = f"HOME={self.folder}\0".encode()
        found = {}
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdecimal() and mark in Path(f"/proc/{entry}/environ").read_bytes():
                    line = Path(f"/proc/{entry}/cmdline").read_bytes()
                    found[int(entry)] = line.replace(b"\0", b" ").decode()
        return found

    def remove(self) -> None:
        """Take the folder away; fails where a process is left."""
        left = self.processes()
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        shutil.rmtree(self.folder)
        assert not left, f"left behind: {left}"


class Libvirt(Host):
    """A host with a session daemon, which ``virsh`` and others connect to."""

    def __init__(self, program: str | Path) -> None:
        super().__init__(program)
        self._log = self.folder / "libvirtd.log"
        self._pidfile = Path(self.environment["XDG_RUNTIME_DIR"], "libvirt", "libvirtd.pid")
        with open(self._log, "wb") as log:
            self._daemon = self.start(
                *(SYSTEM_PYTHON, "-c", _REAPER, "libvirtd"), stdout=log, stderr=log
            )
        try:
            wait_until(self._answers, seconds=_SECONDS)
        except BaseException:
            self.close()
            raise

    def _answers(self) -> bool:
        assert self._daemon.poll() is None, self._log.read_text()
        with contextlib.suppress(RefusedError):
            return bool(self.virsh("version"))
        return False

    def restart_daemon(self) -> None:
        """End libvirtd and start it again, which finds the domains that the first has left."""
        first = self._pidfile.read_text()
        self._daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: self._pidfile.exists() and self._pidfile.read_text() not in ("", first))
        wait_until(self._answers, seconds=_SECONDS)

    def close(self) -> None:
        """Stop the daemon and remove the folder."""
        self._daemon.terminate()
        status = self._daemon.wait(timeout=_SECONDS)
        self.remove()
        assert status == 0

    # -- virsh ------------------------------------------------------------------------------------

    def virsh(self, *arguments: str | Path | int) -> str:
        """What a command of virsh's says; RefusedError if it fails."""
        return self.run("virsh", "-q", "-c", self.uri, *map(str, arguments))

    def refusal(self, *arguments: str | Path | int) -> str:
        """Why virsh does not do this."""
        try:
            said = self.virsh(*arguments)
        except RefusedError as refused:
            return str(refused)
        raise AssertionError(f"{arguments} was done: {said}")

    def table(self, *arguments: str | Path | int) -> list[list[str]]:
        """The rows of what a command of virsh's says."""
        lines = self.virsh(*arguments).splitlines()
        return [re.split(r"\s{2,}", line.strip()) for line in lines if line.strip()]

    def pairs(self, *arguments: str | Path | int) -> dict[str, str]:
        """A list of "Name:  value" by name."""
        lines = self.virsh(*arguments).splitlines()
        return {
            key.strip(): value.strip()
            for key, _, value in (line.partition(":") for line in lines)
            if key
        }

    def statistics(self, domain: str, *groups: str) -> dict[str, str]:
        """What domstats says of a domain."""
        lines = self.virsh("domstats", domain, *groups).splitlines()[1:]
        return dict(line.strip().split("=", 1) for line in lines if "=" in line)

    def qmp(self, domain: str, command: str, **arguments: Any) -> Any:
        """What the emulator itself returns, through libvirt; RefusedError with its error."""
        request = {"execute": command, "arguments": arguments}
        reply = json.loads(self.virsh("qemu-monitor-command", domain, json.dumps(request)))
        if "error" in reply:
            raise RefusedError(reply["error"]["desc"])
        return reply["return"]

    def create(self, xml: str) -> None:
        """Start a domain."""
        self.virsh("create", self.file("domain.xml", xml))

    def emulators(self) -> dict[int, str]:
        """Domains' processes."""
        name = str(self.emulator)
        return {pid: line for pid, line in self.processes().items() if name in line.split(" ")}

    def clear(self) -> list[str]:
        """End and forget all domains, returns their names; libvirt's destroy would nap."""
        left = self.virsh("list", "--all", "--name").split()
        for process in self.emulators():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        wait_until(lambda: not self.virsh("list", "--name"))
        for name in self.virsh("list", "--all", "--name").split():
            self.virsh("undefine", name, "--managed-save")
        return left
