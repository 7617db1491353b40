"""For tests of QMP tools: the daemon as a child process."""

from qmp_iothreadd.testing.process import DaemonProcess

__all__ = ["DaemonProcess"]
