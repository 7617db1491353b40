"""The man page and bash's completion, made from the table of options.

``python -m qmp_iothreadd.cli.pages`` writes both where they are installed from (``share/`` of this
package's sources); with ``man`` or ``bash`` it prints one.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from qmp_iothreadd.cli.help import (
    DEVICE_TEXT,
    EXAMPLES,
    NO_EFFECT_TEXT,
    SUMMARY,
    dashed,
    described,
)
from qmp_iothreadd.cli.option import FILE, Option
from qmp_iothreadd.cli.options import GROUPS, all_options, group_options
from qmp_iothreadd.daemon.reporter import PROGRAM
from qmp_iothreadd.machine.version import VERSION_TEXT

_MODULE = "qmp_iothreadd.cli.pages"

SHARE = Path(__file__).parents[1] / "share"

# -- The man page ----------------------------------------------------------------------------------

_DESCRIPTION = f"""\
{SUMMARY} A client talks to it as to QEMU {VERSION_TEXT} (QMP or HMP), but no guest runs:
what is real are the iothreads, threads with an event loop that polls adaptively before it sleeps,
and the disks that they serve. A board's guest is emulated: it does what it is asked to, no more.

An option may begin with one dash or two. Unknown options and missing arguments are refused before
any option has an effect; then each takes effect in its turn, objects before monitors.
"""

_ENVIRONMENT = {
    "XDG_RUNTIME_DIR": "the folder of the socket that is served when no monitor is asked for",
    "TMPDIR": "where that folder is made if XDG_RUNTIME_DIR is not set; /tmp by default",
    "NOTIFY_SOCKET": "where systemd is told that clients can connect, see sd_notify(3)",
}

_EXIT_STATUS = {
    "0": "it was told to end, by quit or a signal",
    "1": "the command line cannot be followed; standard error says why",
}


def man_page() -> str:
    """The source of qmp-iothreadd(1), for groff's or mandoc's man macros."""
    lines = [
        f'.\\" Made by python -m {_MODULE}; do not edit.',
        '.TH QMP\\-IOTHREADD 1 "" "qmp\\-iothreadd" "User Commands"',
        ".nh",  # names of options are not taken apart
        *_section("NAME", f"{_escape(PROGRAM)} \\- QEMU's monitor, with iothreads"),
        *_section("SYNOPSIS", f".B {_escape(PROGRAM)}", "[OPTION]... [DISK_IMAGE]"),
        *_section("DESCRIPTION", *_paragraphs(_DESCRIPTION)),
        ".SH OPTIONS",
    ]
    for group, title in GROUPS.items():
        lines.append(f".SS {_escape(title)}")
        for option in group_options(group):
            lines += _tagged(dashed(group, option), described(option))
    lines += [
        *_paragraphs(NO_EFFECT_TEXT),
        *_section("DEVICES", *_paragraphs(DEVICE_TEXT)),
        *_section("ENVIRONMENT", *_tagged_all(_ENVIRONMENT)),
        *_section("SIGNALS", _escape("SIGTERM, SIGINT and SIGHUP end the daemon as quit does.")),
        *_section("EXIT STATUS", *_tagged_all(_EXIT_STATUS)),
        ".SH EXAMPLES",
    ]
    for arguments, effect in EXAMPLES.items():
        lines += [".PP", ".nf", f".RS 4\n{_escape(f'{PROGRAM} {arguments}'.rstrip())}\n.RE", ".fi"]
        if effect:
            lines.append(_escape(f"{effect[0].upper()}{effect[1:]}."))
    lines += _section("SEE ALSO", ".BR qmp\\-shell (1),", ".BR systemd.socket (5)")
    return "\n".join([*lines, ""])


def _section(title: str, *lines: str) -> list[str]:
    return [f".SH {title}", *lines]


def _paragraphs(text: str) -> list[str]:
    found = text.strip().split("\n\n")
    return [line for paragraph in found for line in (".PP", _escape(paragraph))]


def _tagged(tag: str, text: str) -> list[str]:
    names, _, argument = tag.partition(" ") if ", " not in tag else (tag, "", "")
    bold = f"\\fB{_escape(names)}\\fR"
    breakable = re.sub(r"([],|])", r"\1\\:", _escape(argument))
    return [".TP", f"{bold} {breakable}".rstrip(), _escape(text)]


def _tagged_all(rows: dict[str, str]) -> list[str]:
    return [line for tag, text in rows.items() for line in _tagged(tag, text)]


def _escape(text: str) -> str:
    """Text in which groff finds no requests, and dashes that can be copied into a shell."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line[:1] in ".'" else line for line in escaped.split("\n"))


# -- bash ------------------------------------------------------------------------------------------

# The line is split here and not by bash, for which ``:`` and ``=`` end a word: what stands before
# the last of them is not part of what bash replaces. A comma begins the next part of an argument.
_BASH = """\
# bash completion for {program}. Made by python -m {module}; do not edit.

_qmp_iothreadd() {{
    local line=${{COMP_LINE:0:COMP_POINT}} current previous part kept words more=
    current=${{line##*[[:space:]]}}
    line=${{line%"$current"}}
    line=${{line%"${{line##*[![:space:]]}}"}}
    previous=${{line##*[[:space:]]}}
    part=${{current##*,}}
    kept=${{current%"${{current##*[:=]}}"}}
    case $previous in
    {files})
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
{cases}
    {others})
        return
        ;;
    *)
        words={options}
        ;;
    esac
    [[ $current != *,* || -z $more ]] || words=$more
    [[ $words == -* ]] || compopt -o nospace 2> /dev/null
    case $part in
    unix:* | path=* | events=* | file=*)
        mapfile -t COMPREPLY < <(compgen -f -- "${{part#*[:=]}}")
        ;;
    *)
        mapfile -t COMPREPLY < <(compgen -P "${{current%"$part"}}" -W "$words" -- "$part")
        COMPREPLY=("${{COMPREPLY[@]#"$kept"}}")
        ;;
    esac
}}

complete -F _qmp_iothreadd {program}
"""


def bash_completion() -> str:
    """A script for bash, which completes options and what their arguments begin with."""
    options = list(all_options())
    files = [option for option in options if option.argument == FILE]
    offers = {option: list(option.words()) for option in options if option not in files}
    cases = [_case(option, words) for option, words in offers.items() if words]
    others = [option for option, words in offers.items() if option.argument and not words]
    return _BASH.format(
        program=PROGRAM,
        module=_MODULE,
        files=_pattern(files),
        cases="\n".join(cases),
        others=_pattern(others),
        options=shlex.quote(" ".join(_all_dashed(options))),
    )


def _case(option: Option, words: Iterable[str]) -> str:
    lines = [f"    {_pattern([option])})", f"        words={shlex.quote(' '.join(words))}"]
    more = " ".join(option.more())
    if more:
        lines.append(f"        more={shlex.quote(more)}")
    return "\n".join([*lines, "        ;;"])


def _pattern(options: Iterable[Option]) -> str:
    """What ``case`` compares with: each name, with one dash and with two."""
    return " | ".join(f"-{name} | --{name}" for each in options for name in each.names.split())


def _all_dashed(options: Iterable[Option]) -> list[str]:
    """Each name as the help has it, then with two dashes."""
    names = [name for option in options for name in option.names.split()]
    return [f"{dashes}{name}" for dashes in ("-", "--") for name in sorted(names)]


# -- Both ------------------------------------------------------------------------------------------

PAGES = {
    "man": (man_page, SHARE / "man" / "man1" / f"{PROGRAM}.1"),
    "bash": (bash_completion, SHARE / "bash-completion" / "completions" / PROGRAM),
}


def main(argv: list[str]) -> int:
    """Print the pages named, or write all of them where none is."""
    for name in argv:
        make, _ = PAGES[name]
        sys.stdout.write(make())
    if not argv:
        for make, path in PAGES.values():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
