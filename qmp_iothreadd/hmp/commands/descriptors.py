"""Descriptors that come with what is typed, where a program types it."""

from __future__ import annotations

from qmp_iothreadd.commands import descriptors
from qmp_iothreadd.hmp.registry import hmp_command

hmp_command(
    "getfd",
    "fdname:s",
    params="getfd name",
    help="receive a file descriptor via SCM rights and assign it a name",
    preconfig=True,
)(descriptors.getfd)
hmp_command(
    "closefd",
    "fdname:s",
    params="closefd name",
    help="close a file descriptor previously passed via SCM rights",
    preconfig=True,
)(descriptors.closefd)
