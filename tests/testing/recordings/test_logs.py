from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd.testing.recordings import RecordingError, read_log
from qmp_iothreadd.testing.recordings.logs import parse_log
from qmp_iothreadd.testing.recordings.messages import Message
from tests.recordings import recording_path

LIBVIRT = """\
2026-11-28 12:00:00.100+0000: 42: info : qemuMonitorSend:9 : QEMU_MONITOR_SEND_MSG: mon=0x7f01 \
msg={"execute":"qmp_capabilities","id":"libvirt-1"}\r
 fd=-1
2026-11-28 12:00:00.102+0000: 43: info : x:1 : QEMU_MONITOR_RECV_REPLY: mon=0x7f01 \
reply={"return": {}, "id": "libvirt-1"}
2026-11-28 12:00:01.100+0000: 43: debug : something else {"execute": "x"}
2026-11-28 12:00:01.100+0000: 42: info : x:1 : QEMU_MONITOR_SEND_MSG: mon=0x7f02 msg={"execute":"a"}
2026-11-28 12:00:02.100+0000: 43: info : x:1 : QEMU_MONITOR_RECV_EVENT: mon=0x7f01 \
event={"event": "STOP"}
2026-11-28 12:00:02.200+0000: 43: info : x:1 : QEMU_MONITOR_RECV_REPLY: mon=0x7f02 reply={"retur
"""

ARROWS = """\
-> { "execute": "query-block" }
<- {
     "return": [
       {"device": "a"} ]
   }
> {"execute": "stop"}
E {"event": "STOP"}
< {"return": {}}
-> the rest is prose
-> {"id": NaN, "execute": "a"}
"""


def test_libvirts_log_is_a_recording_of_each_monitor_with_times() -> None:
    found, illegible = parse_log(LIBVIRT)
    assert illegible == 1
    assert [(each.client, each.command, round(each.time, 3)) for each in found.entries] == [
        (1, "qmp_capabilities", 0),
        (1, "", 2),
        (1, "", 2),
        (2, "a", 1),
        (2, "", 2),
    ]
    assert round(found.entries[0].took, 3) == 0.002
    assert found.entries[1].event == Message({"event": "STOP"})


def test_all_that_stands_on_a_line_has_its_time() -> None:
    first, second = (
        f"2026-11-28 12:00:0{second}.100+0000: "
        'QEMU_MONITOR_SEND_MSG: mon=0x7f01 msg={"execute": "a"} '
        'QEMU_MONITOR_SEND_MSG: mon=0x7f01 msg={"execute": "b"}\n'
        for second in (1, 3)
    )
    found, _ = parse_log(first + second)
    assert [(each.command, each.time) for each in found.entries if each.command] == [
        *(("a", 0), ("b", 0), ("a", 2), ("b", 2)),
    ]


def test_arrows_say_who_said_what() -> None:
    found, illegible = parse_log(ARROWS)
    assert illegible == 1
    block, stop, stopped, _ = found.entries
    assert block.reply == Message({"return": [{"device": "a"}]})
    assert stop.event == Message({"event": "STOP"})
    assert stopped.command == "stop"
    assert stopped.time < stop.time < stopped.time + stopped.took


def test_libvirts_sessions_can_be_read_as_far_as_they_go() -> None:
    found, illegible = read_log(recording_path("libvirt/domain-12.8.txt"))
    assert {"qmp_capabilities", "cont", "block_resize"} <= found.commands()
    assert illegible > 0


def test_a_text_without_messages_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("nothing\n")
    with pytest.raises(RecordingError, match="no message in it; of libvirt's logs"):
        read_log(file)
