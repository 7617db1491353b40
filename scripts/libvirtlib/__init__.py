"""libvirt as an ordinary user has it, for tests (tests/integration/libvirt) and for scripts.

host        a user's folder, environment and processes; a session daemon, and virsh
reaper      what runs beside it: orphans are reaped at once
domains     domains in libvirt's XML
waiting     until a condition holds
demo        scripts/libvirt-demo
starts      scripts/bench-libvirt: how long a domain takes to start
"""
