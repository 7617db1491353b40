"""The command ``qmp-tap``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Final

from qmp_iothreadd.errors import Error
from qmp_iothreadd.testing.recordings.saying import PROGRAM, TROUBLE, say

_DESCRIPTION: Final = """\
Record what a QMP client and a monitor say to each other, serve it again, compare it with another
recording or with what qmp-iothreadd answers, and take out of it what others are not to read.
A SOCKET is the path of a Unix socket (unix:PATH) or HOST:PORT (tcp:HOST:PORT).
"""

_EXAMPLES: Final = """\
examples:
  qmp-tap record --upstream /run/vm0.sock --listen /tmp/tap.sock --out vm0.jsonl
  qmp-tap replay vm0.jsonl --listen /tmp/again.sock
  qmp-tap diff before.jsonl after.jsonl
  qmp-tap diff vm0.jsonl --against daemon -- -M q35
  qmp-tap redact vm0.jsonl --out for-the-bug-report.jsonl
  qmp-tap import libvirtd.log --out from-a-bug-report.jsonl
"""

_RECORD: Final = """\
Stand between clients and a monitor. Whatever they send goes on as it is, descriptors of a Unix
socket too, and is written to FILE: one exchange a line, as soon as it is complete. SIGINT (Ctrl-C)
and SIGTERM end it. Each client has a connection to the monitor of its own; a monitor of QEMU's
greets the next when the first has left.
"""

_RECORD_EXAMPLES: Final = """\
example:
  qemu-system-x86_64 -M none -qmp unix:/tmp/qmp.sock,server=on,wait=off &
  qmp-tap record --upstream /tmp/qmp.sock --listen /tmp/tap.sock --out vm.jsonl &
  qmp-shell /tmp/tap.sock
"""

_REPLAY: Final = """\
Answer clients as the recorded monitor did: by command and arguments, then by order. The last answer
comes again where a client asks more often; arguments that were not recorded get the command's next
answer that nobody had yet. A command that was not recorded is not found. Clients may come as often
as they like: the n-th is given what the n-th recorded one was, and later ones what the last was.
"""

_REPLAY_EXAMPLES: Final = """\
examples:
  qmp-tap replay vm.jsonl --listen /tmp/again.sock
  qmp-tap replay vm.jsonl --listen 127.0.0.1:4444 --timing --once
"""

_DIFF: Final = """\
Compare two recordings, or a recording with what a server answers to the same requests. What differs
from run to run is masked: {masks}. The status is 0 where nothing differs, 1 where something does,
and 2 in case of trouble.
"""

_DIFF_EXAMPLES: Final = """\
examples:
  qmp-tap diff qemu-9.jsonl qemu-10.jsonl
  qmp-tap diff vm.jsonl --against daemon                 a qmp-iothreadd that is started for it
  qmp-tap diff vm.jsonl --against daemon -- -M q35       the same with options
  qmp-tap diff vm.jsonl --against /run/other.sock        a monitor that is there
"""

_REDACT: Final = """\
Write a recording without {secrets}, and without the paths of files, each replaced by the same word
wherever it stands. Bytes that are no JSON are taken out whole. Read the result before you give it
away: no table knows all that is secret.
"""

_REDACT_EXAMPLES: Final = """\
examples:
  qmp-tap redact vm.jsonl --out vm-redacted.jsonl
  qmp-tap redact vm.jsonl --member guest-name --keep-paths > vm-redacted.jsonl
"""


_IMPORT: Final = """\
Make a recording of a log: of libvirt's, written with log_filters=1:qemu_monitor, or of any text in
which '->' (or '>') stands at the beginning of a line before a request, and '<-' ('<', of an event
'E') before what came back. It can be replayed and compared as any other; what the log cut off is
left out.
"""

_IMPORT_EXAMPLES: Final = """\
example:
  qmp-tap import libvirtd.log --out vm.jsonl
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command. Returns: its status."""
    arguments, rest = _split(sys.argv[1:] if argv is None else argv)
    options = _parser().parse_args(arguments)
    options.rest = rest
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        status = run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # who reads the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return TROUBLE
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say(f"{where}{error.strerror or error}")
    except (Error, RuntimeError, ValueError) as error:
        say(str(error))
    return TROUBLE


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """What stands before ``--``, and behind it."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


# -- What there is to say --------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for add in (_add_record, _add_replay, _add_diff, _add_redact, _add_import):
        add(commands)
    return made


_Commands = argparse._SubParsersAction


def _command(
    commands: _Commands[argparse.ArgumentParser], name: str, what: str, text: str, examples: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=what,
        description=text,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _add_record(commands: _Commands[argparse.ArgumentParser]) -> None:
    made = _command(commands, "record", "stand between and record", _RECORD, _RECORD_EXAMPLES)
    made.add_argument("--upstream", metavar="SOCKET", required=True, help="the monitor's")
    made.add_argument("--listen", metavar="SOCKET", required=True, help="for clients")
    made.add_argument("--out", metavar="FILE", required=True, help="to write; - is standard output")
    made.add_argument("--force", action="store_true", help="overwrite FILE, if it is there")
    made.add_argument("--once", action="store_true", help="end when a client has left")
    made.set_defaults(run=_record)


def _add_replay(commands: _Commands[argparse.ArgumentParser]) -> None:
    made = _command(commands, "replay", "serve a recording again", _REPLAY, _REPLAY_EXAMPLES)
    made.add_argument("file", metavar="FILE", help="the recording")
    made.add_argument("--listen", metavar="SOCKET", required=True, help="for clients")
    made.add_argument(
        "--timing", "--original-timing", action="store_true", help="as slow as it was"
    )
    made.add_argument("--exact", action="store_true", help="answer to recorded arguments alone")
    made.add_argument("--once", action="store_true", help="end when a client has left")
    made.set_defaults(run=_replay)


def _add_diff(commands: _Commands[argparse.ArgumentParser]) -> None:
    from qmp_iothreadd.testing.recordings.masks import MASKS

    masks = "; ".join(f"{mask.what} ({mask.name})" for mask in MASKS)
    text = _filled(_DIFF.format(masks=masks))
    made = _command(commands, "diff", "compare recordings", text, _DIFF_EXAMPLES)
    made.add_argument("a", metavar="A", help="a recording")
    made.add_argument("b", metavar="B", nargs="?", help="another")
    made.add_argument(
        "--against", metavar="SERVER", help="'daemon' (options of it behind --), or a SOCKET"
    )
    made.add_argument(
        "--mask", metavar="MEMBER", action="append", default=[], help="do not compare this member"
    )
    made.add_argument(
        "--no-mask",
        metavar="NAME",
        action="append",
        default=[],
        choices=[mask.name for mask in MASKS],
        help="compare this, too: %(choices)s",
    )
    made.add_argument("--exact", action="store_true", help="mask nothing")
    made.set_defaults(run=_diff)


def _add_redact(commands: _Commands[argparse.ArgumentParser]) -> None:
    from qmp_iothreadd.testing.recordings.redaction import SECRETS

    text = _filled(_REDACT.format(secrets=", ".join(secret.what for secret in SECRETS)))
    made = _command(commands, "redact", "take out secrets", text, _REDACT_EXAMPLES)
    made.add_argument("file", metavar="FILE", help="the recording")
    made.add_argument("--out", metavar="FILE", default="-", help="to write (default: to print)")
    made.add_argument("--force", action="store_true", help="overwrite the file, if it is there")
    made.add_argument(
        "--member", metavar="NAME", action="append", default=[], help="take out this member, too"
    )
    made.add_argument("--keep-paths", action="store_true", help="leave paths as they are")
    made.set_defaults(run=_redact)


def _add_import(commands: _Commands[argparse.ArgumentParser]) -> None:
    made = _command(commands, "import", "make one of a log", _IMPORT, _IMPORT_EXAMPLES)
    made.add_argument("file", metavar="LOG", help="the log")
    made.add_argument("--out", metavar="FILE", default="-", help="to write (default: to print)")
    made.add_argument("--force", action="store_true", help="overwrite the file, if it is there")
    made.set_defaults(run=_import)


def _filled(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 100)


# -- What there is to do, imported when it is to be done -------------------------------------------


def _record(options: argparse.Namespace) -> int:
    from qmp_iothreadd.testing.recordings.running import record

    _nothing_behind_dashes(options)
    return record(
        options.upstream, options.listen, options.out, once=options.once, force=options.force
    )


def _replay(options: argparse.Namespace) -> int:
    from qmp_iothreadd.testing.recordings.running import replay

    _nothing_behind_dashes(options)
    return replay(
        options.file, options.listen, timing=options.timing, exact=options.exact, once=options.once
    )


def _diff(options: argparse.Namespace) -> int:
    from qmp_iothreadd.testing.recordings.masks import MASKS, Masking
    from qmp_iothreadd.testing.recordings.running import diff

    if (options.b is None) == (options.against is None):
        raise ValueError("give two recordings, or one and --against daemon (or a socket)")
    if options.rest and options.against != "daemon":
        raise ValueError("what stands behind -- are the daemon's options: give --against daemon")
    masks = [] if options.exact else [each for each in MASKS if each.name not in options.no_mask]
    masking = Masking(masks, options.mask)
    return diff(options.a, options.b, options.against, options.rest, masking)


def _redact(options: argparse.Namespace) -> int:
    from qmp_iothreadd.testing.recordings.running import redact

    _nothing_behind_dashes(options)
    return redact(
        options.file, options.out, options.member, paths=not options.keep_paths, force=options.force
    )


def _import(options: argparse.Namespace) -> int:
    from qmp_iothreadd.testing.recordings.running import import_log

    _nothing_behind_dashes(options)
    return import_log(options.file, options.out, force=options.force)


def _nothing_behind_dashes(options: argparse.Namespace) -> None:
    if options.rest:
        raise ValueError(f"nothing is expected behind --, but there is '{options.rest[0]}'")
