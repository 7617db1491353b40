"""Command lines that public tools start QEMU with: each is answered as by a QEMU.

Where a tool wants a machine with devices, it gets -M none here, and what needs a guest is left out
of its line: devices, disks, kernels, models and numbers of CPUs. Each test says what.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client

TIMEOUT_S = 30.0


@pytest.fixture(scope="module")
def bin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the names that tools look for."""
    folder = tmp_path_factory.mktemp("bin")
    command = [sys.executable, "-m", "qmp_iothreadd", "--install-as", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


class Started:
    """A program that a test started, and ends."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []

    def __call__(
        self, *command: str | Path, fds: tuple[int, ...] = (), folder: Path | None = None
    ) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        words = [str(word) for word in command]
        process = subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=fds, cwd=folder
        )
        self.processes.append(process)
        return process


@pytest.fixture
def start() -> Iterator[Started]:
    started = Started()
    yield started
    for process in started.processes:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=TIMEOUT_S)


def connect(path: Path) -> Client:
    """A client of a socket that may not be there yet."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            client = Client.connect(str(path))
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens at {path}"
            time.sleep(0.02)
            continue
        client.negotiate()
        return client


def printed(*command: str | Path) -> str:
    """What a program prints that has to end by itself, with success."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    assert done.stderr == ""
    return done.stdout


# -- Lima ------------------------------------------------------------------------------------------


def test_limas_probe(bin: Path) -> None:
    """pkg/qemu: inspectFeatures, all of it."""
    program = bin / "qemu-system-x86_64"
    assert "tcg" in printed(program, "-M", "none", "-accel", "help").splitlines()
    assert "user" in printed(program, "-M", "none", "-netdev", "help").splitlines()
    assert "-7.0" in printed(program, "-machine", "help")  # it seems to be 7.0 at least
    assert "max" in printed(program, "-cpu", "help", "-machine", "q35")
    version = printed(program, "-version")
    assert re.search(r"^QEMU emulator version (\d+\.\d+\.\d+)", version)


# -- openQA ----------------------------------------------------------------------------------------


def test_openqas_line(bin: Path, tmp_path: Path, start: Started) -> None:
    """os-autoinst's OpenQA::Qemu::Proc, in the test's own folder. Left out: -device, -blockdev."""
    for name in ("virtio_console", "virtio_console1"):
        for end in ("in", "out"):
            os.mkfifo(tmp_path / f"{name}.{end}")
    line = (
        "-M none -only-migratable -chardev ringbuf,id=serial0,logfile=serial0,logappend=on "
        "-serial chardev:serial0 -audiodev none,id=snd0 -m 1024 -net none "
        "-object rng-random,filename=/dev/urandom,id=rng0 -boot menu=on,splash-time=5000 -smp 1 "
        "-enable-kvm -no-shutdown -vnc :93,share=force-shared "
        "-chardev pipe,id=virtio_console,path=virtio_console,logfile=virtio_console.log,"
        "logappend=on "
        "-chardev pipe,id=virtio_console1,path=virtio_console1,logfile=virtio_console1.log,"
        "logappend=on "
        "-chardev socket,path=qmp_socket,server=on,wait=off,id=qmp_socket,logfile=qmp_socket.log,"
        "logappend=on -qmp chardev:qmp_socket -S"
    )
    start(bin / "qemu-kvm", *line.split(), folder=tmp_path)
    with connect(tmp_path / "qmp_socket") as client:
        assert client.execute("query-status")["status"] == "prelaunch"
        labels = {each["label"] for each in client.execute("query-chardev")}
        assert labels == {"serial0", "virtio_console", "virtio_console1", "qmp_socket"}
        client.execute("cont")
        assert client.execute("query-status")["running"]
        client.execute("quit")
    assert '"QMP"' in (tmp_path / "qmp_socket.log").read_text()


# -- Incus -----------------------------------------------------------------------------------------

INCUS_FILE = """\
# Machine
[machine]
type = "none"
graphics = "off"
usb = "off"

[global]
driver = "ICH9-LPC"
property = "disable_s3"
value = "1"

[boot-opts]
strict = "on"

# Console
[chardev "console"]
backend = "ringbuf"

# Memory
[memory]
size = "1024M"

# CPU
[smp-opts]
cpus = "1"

# QMP, and iothreads
[object "iothread0"]
qom-type = "iothread"

[chardev "monitor"]
backend = "socket"
path = "{folder}/qemu.monitor"
server = "on"
wait = "off"

[mon]
chardev = "monitor"
mode = "control"
"""


def test_incus_line(bin: Path, tmp_path: Path) -> None:
    """driver_qemu.go, and its configuration file. Left out: -cpu host, devices, disks."""
    config, pidfile = tmp_path / "qemu.conf", tmp_path / "qemu.pid"
    config.write_text(INCUS_FILE.format(folder=tmp_path))
    line = [
        *("-S", "-name", "c1", "-uuid", "11111111-2222-3333-4444-555555555555", "-daemonize"),
        *("-nographic", "-serial", "chardev:console", "-nodefaults", "-no-user-config"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=allow,spawn=allow,resourcecontrol=deny"),
        *("-readconfig", str(config)),
        *("-spice", f"unix=on,disable-ticketing=on,addr={tmp_path}/qemu.spice"),
        *("-pidfile", str(pidfile), "-D", str(tmp_path / "qemu.log")),
        *("-smbios", "type=2,manufacturer=LinuxContainers,product=Incus"),
    ]
    done = subprocess.run(
        [bin / "qemu-system-x86_64", *line], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stderr
    assert pidfile.exists()  # when the parent has ended
    with connect(tmp_path / "qemu.monitor") as client:
        assert client.execute("query-name") == {"name": "c1"}
        assert client.execute("query-status")["status"] == "prelaunch"
        assert [each["id"] for each in client.execute("query-iothreads")] == ["iothread0"]
        client.execute("cont")
        client.execute("quit")
        assert client.receive_line() == b""


# -- quickemu --------------------------------------------------------------------------------------


def test_quickemus_line(bin: Path, tmp_path: Path, start: Started) -> None:
    """The script's arguments. Left out: -cpu, -smp, -device, -drive, -chardev spicevmc."""
    version = printed(bin / "qemu-system-x86_64", "-version").splitlines()[0].split(" ")[3]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    pidfile = tmp_path / "vm.pid"
    line = [
        *("-name", "alpine,process=alpine", "-machine", "none"),
        *("-global", "kvm-pit.lost_tick_policy=discard", "-m", "4G"),
        *("-rtc", "base=localtime,clock=host,driftfix=slew", "-pidfile", str(pidfile)),
        *("-display", "none", "-vga", "none", "-k", "en-us"),
        *("-object", "rng-random,id=rng0,filename=/dev/urandom"),
        *("-netdev", "user,hostname=alpine,hostfwd=tcp::22220-:22,id=nic"),
        *("-fsdev", f"local,id=fsdev0,path={tmp_path},security_model=mapped-xattr"),
        *("-monitor", f"unix:{tmp_path}/vm-monitor.socket,server,nowait"),
        *("-serial", f"unix:{tmp_path}/vm-serial.socket,server,nowait"),
    ]
    process = start(bin / "qemu-system-x86_64", *line)
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(TIMEOUT_S)
        deadline = time.monotonic() + TIMEOUT_S
        while monitor.connect_ex(str(tmp_path / "vm-monitor.socket")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert int(pidfile.read_text()) == process.pid
        assert Path(f"/proc/{process.pid}/comm").read_text() == "alpine\n"
        said = b""
        while not said.endswith(b"(qemu) "):
            said += monitor.recv(4096)
        assert said.startswith(b"QEMU 11.1.3 monitor")
        monitor.sendall(b"quit\n")
    assert process.wait(TIMEOUT_S) == 0


# -- Kata Containers -------------------------------------------------------------------------------


@pytest.mark.parametrize("handed_over", [True, False])
def test_katas_line(bin: Path, tmp_path: Path, start: Started, handed_over: bool) -> None:
    """govmm's Config, with the socket as a descriptor or a path. Left out: -cpu, -smp, -numa,
    -device, -kernel.
    """
    path = tmp_path / "qmp.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        where = f"unix:{path}"
        fds: tuple[int, ...] = ()
        if handed_over:
            listener.bind(str(path))
            listener.listen()
            where, fds = f"unix:fd={listener.fileno()}", (listener.fileno(),)
        line = [
            *("-name", "sandbox-57c1765d,debug-threads=on"),
            *("-uuid", "3ceb96d1-39af-4603-a941-2285ad64ede5"),
            *("-machine", "none,accel=kvm", "-qmp", f"{where},server=on,wait=off"),
            *("-m", "2048M,slots=10,maxmem=8969M"),
            *("-object", "rng-random,id=rng0,filename=/dev/urandom"),
            *("-object", "memory-backend-memfd,id=dimm1,size=2048K,share=on"),
            *("-global", "kvm-pit.lost_tick_policy=discard", "-vga", "none", "-no-user-config"),
            *("-nodefaults", "-nographic", "--no-reboot", "-pidfile", str(tmp_path / "pid")),
        ]
        process = start(bin / "qemu-system-x86_64", *line, fds=fds)
        with connect(path) as client:
            assert client.execute("query-name") == {"name": "sandbox-57c1765d"}
            with pytest.raises(QmpError, match="machine does not support hot-plugging CPUs"):
                client.execute("query-hotpluggable-cpus")
            client.execute("system_reset")  # -no-reboot: that is the end
    assert process.wait(TIMEOUT_S) == 0


# -- labgrid ---------------------------------------------------------------------------------------


def test_labgrids_line(bin: Path, tmp_path: Path, start: Started) -> None:
    """qemudriver.py: QMP on standard streams, a port that connects. Left out: -kernel, -cpu."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(TIMEOUT_S)
        listener.bind(str(tmp_path / "serialrw"))
        listener.listen(0)
        line = [
            *("-machine", "none", "-m", "512M", "-nographic", "-nic", "user"),
            *(
                "-S",
                "-qmp",
                "stdio",
                "-chardev",
                f"socket,id=serialsocket,path={tmp_path}/serialrw",
            ),
            *("-serial", "chardev:serialsocket"),
        ]
        process = start(bin / "qemu-system-aarch64", *line)
        serial, _ = listener.accept()
        with serial:
            assert process.stdin is not None
            assert process.stdout is not None
            assert b'"QMP"' in process.stdout.readline()
            for command in ("qmp_capabilities", "cont", "quit"):
                process.stdin.write(b'{"execute": "%s"}' % command.encode())
                process.stdin.flush()
                while b'"event"' in (reply := process.stdout.readline()):
                    pass
                assert reply == b'{"return": {}}\r\n'
    assert process.wait(TIMEOUT_S) == 0


# -- systemd-vmspawn -------------------------------------------------------------------------------

VMSPAWN_FILE = """\
[machine]
type = "none"

[smp-opts]
cpus = "1"

[memory]
size = "2048M"

[object "rng0"]
qom-type = "rng-random"
filename = "/dev/urandom"

[accel]
accel = "tcg"

[chardev "qmp"]
backend = "socket"
fd = "{fd}"

[mon "qmp"]
chardev = "qmp"
mode = "control"
"""


def test_vmspawns_line(bin: Path, tmp_path: Path, start: Started) -> None:
    """Its file has the monitor on a connected descriptor. Left out: -cpu, [device …]."""
    ours, theirs = socket.socketpair()
    credential = tmp_path / "credential"
    credential.write_text("io.systemd.credential:x=y")
    with theirs:
        config = tmp_path / "config"
        config.write_text(VMSPAWN_FILE.format(fd=theirs.fileno()))
        line = [
            *("-S", "-no-user-config", "-nic", "none", "-nographic", "-nodefaults"),
            *("-smbios", f"type=11,path={credential}", "-readconfig", str(config)),
        ]
        start(bin / "qemu-system-x86_64", *line, fds=(theirs.fileno(),))
    with Client(ours) as client:
        client.negotiate()
        assert [each["label"] for each in client.execute("query-chardev")] == ["qmp"]
        with pytest.raises(QmpError):
            client.execute("device_add", {"driver": "virtio-blk-pci"})
        client.execute("cont")
        client.execute("quit")
