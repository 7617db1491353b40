"""Iothreads by virsh: listed, added, tuned, pinned, deleted; the threads are the kernel's."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from libvirtlib.domains import Domain
from libvirtlib.host import Libvirt, RefusedError

Create = Callable[..., Domain]


def threads(libvirt: Libvirt, domain: str) -> dict[str, int]:
    """Thread ids of iothreads, by libvirt's number."""
    listed = libvirt.qmp(domain, "query-iothreads")
    return {each["id"].removeprefix("iothread"): each["thread-id"] for each in listed}


def pool(libvirt: Libvirt, name: str) -> tuple[int, int]:
    """The least and the greatest number of an object's worker threads."""
    smallest, largest = (
        libvirt.qmp("t1", "qom-get", path=f"/objects/{name}", property=f"thread-pool-{end}")
        for end in ("min", "max")
    )
    return smallest, largest


def test_they_are_listed_with_where_they_may_run(libvirt: Libvirt, t1: str) -> None:
    everywhere = "0" if os.cpu_count() == 1 else f"0-{(os.cpu_count() or 1) - 1}"
    assert sorted(libvirt.table("iothreadinfo", t1)) == [["1", everywhere], ["2", everywhere]]


def test_each_is_a_thread_of_the_process(libvirt: Libvirt, t1: str) -> None:
    (process,) = libvirt.emulators()
    tasks = {int(task) for task in os.listdir(f"/proc/{process}/task")}
    assert set(threads(libvirt, t1).values()) < tasks


def test_one_is_added_and_deleted(libvirt: Libvirt, t1: str) -> None:
    before = set(threads(libvirt, t1).values())
    libvirt.virsh("iothreadadd", t1, 7)
    assert {row[0] for row in libvirt.table("iothreadinfo", t1)} == {"1", "2", "7"}
    (added,) = set(threads(libvirt, t1).values()) - before
    (process,) = libvirt.emulators()
    assert os.path.exists(f"/proc/{process}/task/{added}")
    libvirt.virsh("iothreaddel", t1, 7)
    assert not os.path.exists(f"/proc/{process}/task/{added}")
    assert {row[0] for row in libvirt.table("iothreadinfo", t1)} == {"1", "2"}


def test_libvirt_knows_which_there_are(libvirt: Libvirt, t1: str) -> None:
    assert "an IOThread is already using iothread_id '1'" in libvirt.refusal("iothreadadd", t1, 1)
    assert "cannot find IOThread '9'" in libvirt.refusal("iothreaddel", t1, 9)
    assert "cannot find IOThread '9'" in libvirt.refusal("iothreadset", t1, 9, "--poll-max-ns", 100)


@pytest.mark.parametrize(
    ("option", "value", "member"),
    [
        ("--poll-max-ns", 65536, "poll-max-ns"),
        ("--poll-max-ns", 0, "poll-max-ns"),
        ("--poll-grow", 4, "poll-grow"),
        ("--poll-shrink", 3, "poll-shrink"),
    ],
)
def test_polling_is_tuned(libvirt: Libvirt, t1: str, option: str, value: int, member: str) -> None:
    libvirt.virsh("iothreadset", t1, 1, option, value)
    assert libvirt.statistics(t1, "--iothread")[f"iothread.1.{member}"] == str(value)
    (tuned,) = (each for each in libvirt.qmp(t1, "query-iothreads") if each["id"] == "iothread1")
    assert tuned[member] == value


def test_the_pool_is_tuned_in_the_order_that_keeps_it_valid(libvirt: Libvirt, t1: str) -> None:
    libvirt.virsh("iothreadset", t1, 2, "--thread-pool-max", 8)
    assert pool(libvirt, "iothread2") == (0, 8)
    libvirt.virsh("iothreadset", t1, 2, "--thread-pool-min", 16, "--thread-pool-max", 32)
    assert pool(libvirt, "iothread2") == (16, 32)
    libvirt.virsh("iothreadset", t1, 2, "--thread-pool-min", 1, "--thread-pool-max", 2)
    assert pool(libvirt, "iothread2") == (1, 2)
    assert "thread_pool_min" in libvirt.refusal(
        "iothreadset", t1, 2, "--thread-pool-min", 5, "--thread-pool-max", 4
    )
    assert pool(libvirt, "iothread2") == (1, 2)


def test_what_this_libvirt_does_not_know_it_does_not_ask_for(libvirt: Libvirt, t1: str) -> None:
    if "--poll-weight" in libvirt.virsh("help", "iothreadset"):
        libvirt.virsh("iothreadset", t1, 1, "--poll-weight", 5)
        path = "/objects/iothread1"
        assert libvirt.qmp(t1, "qom-get", path=path, property="poll-weight") == 5
    else:
        why = libvirt.refusal("iothreadset", t1, 1, "--poll-weight", 5)
        assert "doesn't support option --poll-weight" in why


def test_a_pin_is_the_threads_affinity(libvirt: Libvirt, t1: str) -> None:
    if (os.cpu_count() or 1) < 2:
        pytest.skip("there is one processor")
    libvirt.virsh("iothreadpin", t1, 2, "1")
    assert ["2", "1"] in libvirt.table("iothreadinfo", t1)
    assert os.sched_getaffinity(threads(libvirt, t1)["2"]) == {1}
    assert os.sched_getaffinity(threads(libvirt, t1)["1"]) == os.sched_getaffinity(0)


def test_the_domain_says_what_they_begin_with(libvirt: Libvirt, domain: Create) -> None:
    domain(
        iothreads="""
          <iothreads>3</iothreads>
          <iothreadids>
            <iothread id='2' thread_pool_min='2' thread_pool_max='8'/>
            <iothread id='5'/>
            <iothread id='9'/>
          </iothreadids>
          <defaultiothread thread_pool_min='8' thread_pool_max='16'/>
          <cputune><iothreadpin iothread='5' cpuset='0'/></cputune>"""
    )
    assert set(threads(libvirt, "t1")) == {"2", "5", "9"}
    assert ["5", "0"] in libvirt.table("iothreadinfo", "t1")
    assert os.sched_getaffinity(threads(libvirt, "t1")["5"]) == {0}
    assert pool(libvirt, "iothread2") == (2, 8)
    assert pool(libvirt, "main-loop") == (8, 16)


def test_a_scheduler_is_the_threads(libvirt: Libvirt, domain: Create) -> None:
    domain(elements="<cputune><iothreadsched iothreads='1' scheduler='batch'/></cputune>")
    by_number = threads(libvirt, "t1")
    assert os.sched_getscheduler(by_number["1"]) == os.SCHED_BATCH
    assert os.sched_getscheduler(by_number["2"]) == os.SCHED_OTHER


def test_statistics_name_each(libvirt: Libvirt, t1: str) -> None:
    libvirt.virsh("iothreadset", t1, 2, "--poll-grow", 5)
    found = libvirt.statistics(t1, "--iothread")
    assert found.pop("iothread.count") == "2"
    assert found == {
        f"{each['id'].replace('iothread', 'iothread.')}.{name}": str(each[name])
        for each in libvirt.qmp(t1, "query-iothreads")
        for name in ("poll-max-ns", "poll-grow", "poll-shrink")
    }
    assert (found["iothread.1.poll-max-ns"], found["iothread.2.poll-grow"]) == ("32768", "5")


def test_one_that_a_disk_does_not_use_can_go_and_another_of_its_number_come(
    libvirt: Libvirt, t1: str
) -> None:
    for _ in range(5):
        libvirt.virsh("iothreaddel", t1, 1)
        libvirt.virsh("iothreadadd", t1, 1)
    assert set(threads(libvirt, t1)) == {"1", "2"}


def test_sixty_four(libvirt: Libvirt, domain: Create) -> None:
    domain(iothreads="<iothreads>64</iothreads>")
    assert {row[0] for row in libvirt.table("iothreadinfo", "t1")} == set(map(str, range(1, 65)))
    assert len(set(threads(libvirt, "t1").values())) == 64
    assert libvirt.statistics("t1", "--iothread")["iothread.count"] == "64"
    libvirt.virsh("iothreadadd", "t1", 65)
    libvirt.virsh("iothreaddel", "t1", 1)
    assert len(libvirt.table("iothreadinfo", "t1")) == 64


def test_those_of_a_defined_domain_are_changed_for_its_next_start(libvirt: Libvirt) -> None:
    libvirt.virsh("define", libvirt.file("domain.xml", str(Domain(libvirt.emulator))))
    libvirt.virsh("iothreadadd", "t1", 3, "--config")
    libvirt.virsh("iothreaddel", "t1", 1, "--config")
    libvirt.virsh("start", "t1")
    assert set(threads(libvirt, "t1")) == {"2", "3"}


@pytest.mark.ours("it has no such object")
def test_an_emulator_that_will_not_start_is_quoted(libvirt: Libvirt, domain: Create) -> None:
    # It is found when libvirt is connected already, and reads what is said when that ends.
    with pytest.raises(RefusedError, match='IOThread "nope" object does not exist'):
        domain(commandline="-object x-workload,id=w0,iothread=nope")
    assert libvirt.virsh("list", "--all", "--name") == ""
