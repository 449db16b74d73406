"""The filter program itself, run by a small interpreter: what cannot be tried on this machine is read."""

import struct

import pytest

from callboard.sandbox.commands import seccomp
from callboard.sandbox.programs import calls

ALLOW, REFUSE, NO_SUCH_CALL, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(program, architecture, number, *arguments):
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=iIQ6Q", number, architecture, 0, *padded)
    lines = list(struct.iter_unpack("=HBBI", program))
    position = accumulator = 0
    while True:
        code, true, false, value = lines[position]
        position += 1
        if code == 0x06:
            return value
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
            continue
        matches = {
            0x15: accumulator == value,
            0x35: accumulator >= value,
            0x45: bool(accumulator & value),
        }[code]
        position += true if matches else false


CALLS = {
    "x86_64": {"read": 0, "clone": 56, "socket": 41, "ptrace": 101, "prlimit": 302, "ioctl": 16},
    "aarch64": {
        "read": 63,
        "clone": 220,
        "socket": 198,
        "ptrace": 117,
        "prlimit": 261,
        "ioctl": 29,
    },
}


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request):
    return request.param


def judge(machine, name, *arguments, unix_sockets=False, tcp=False):
    program = seccomp.program(unix_sockets=unix_sockets, tcp=tcp, machine=machine)
    number = CALLS[machine].get(name, name)
    return verdict(program, AUDIT[machine], number, *arguments)


def test_usual_calls_are_allowed(machine):
    assert judge(machine, "read") == ALLOW
    assert judge(machine, "clone", 17) == ALLOW
    assert judge(machine, "prlimit", 0) == ALLOW
    assert judge(machine, "ioctl", 0, 0x5401) == ALLOW


def test_tracing_io_uring_and_the_mount_family_are_refused(machine):
    assert judge(machine, "ptrace") == REFUSE
    assert {judge(machine, number) for number in (425, 426, 427, 428, 429, 442)} == {REFUSE}


@pytest.mark.parametrize("bit", [7, 17, 25, 26, 27, 28, 29, 30])
def test_new_namespaces_are_refused(machine, bit):
    assert judge(machine, "clone", (1 << bit) | 17) == REFUSE


def test_clone3_does_not_exist_so_that_flags_can_be_seen(machine):
    assert judge(machine, 435) == NO_SUCH_CALL


def test_where_there_is_a_network_of_the_jail_s_own_it_is_tcp_and_nothing_else(machine):
    flags = 0o4000 | 0o2000000  # NONBLOCK, CLOEXEC
    for kind, protocol in ((1, 0), (1, 6), (1 | flags, 0)):
        assert judge(machine, "socket", 2, kind, protocol, unix_sockets=True, tcp=True) == ALLOW
        assert judge(machine, "socket", 2, kind, protocol, unix_sockets=True) == REFUSE
    for kind, protocol in ((2, 0), (3, 0), (5, 0), (10, 0), (0, 0), (1, 132), (1, 262), (17, 0)):
        assert judge(machine, "socket", 2, kind, protocol, unix_sockets=True, tcp=True) == REFUSE
    for family in (0, 10, 16, 17, 38, 40):
        assert judge(machine, "socket", family, 1, 0, unix_sockets=True, tcp=True) == REFUSE
    assert judge(machine, "socket", 1, 1, unix_sockets=True, tcp=True) == ALLOW


def test_sockets_are_local_at_most(machine):
    assert judge(machine, "socket", 2, unix_sockets=True) == REFUSE
    assert judge(machine, "socket", 1, unix_sockets=True) == ALLOW
    assert judge(machine, "socket", 1, unix_sockets=False) == REFUSE


def test_limits_of_others_and_terminal_injection_are_refused(machine):
    assert judge(machine, "prlimit", 1234) == REFUSE
    assert judge(machine, "ioctl", 0, 0x5412) == REFUSE


def test_calls_of_another_architecture_kill(machine):
    program = seccomp.program(unix_sockets=True, machine=machine)
    assert verdict(program, 0x40000003, 0) == KILL


def test_the_other_numbering_of_the_same_processor_is_refused():
    assert judge("x86_64", 0x40000000 | 101) == REFUSE


WORKERS = {
    "x86_64": {"read": 0, "write": 1, "mmap": 9, "mprotect": 10, "exit_group": 231},
    "aarch64": {"read": 63, "write": 64, "mmap": 222, "mprotect": 226, "exit_group": 94},
}


def test_a_worker_may_make_the_listed_calls_only(machine):
    program = calls.allowing(machine)
    allowed = {n for n in range(1024) if verdict(program, AUDIT[machine], n) == ALLOW}
    assert set(WORKERS[machine].values()) <= allowed
    assert len(allowed) == 17
    assert {
        verdict(program, AUDIT[machine], CALLS[machine][name]) for name in ("clone", "socket")
    } == {REFUSE}
    assert verdict(program, AUDIT[machine], 0x40000000) == REFUSE
    assert verdict(program, 0x40000003, WORKERS[machine]["read"]) == KILL


@pytest.mark.parametrize("name", ["mmap", "mprotect"])
def test_a_worker_may_not_make_memory_executable(machine, name):
    program = calls.allowing(machine)
    number = WORKERS[machine][name]
    assert verdict(program, AUDIT[machine], number, 0, 4096, 3) == ALLOW
    assert verdict(program, AUDIT[machine], number, 0, 4096, 7) == REFUSE
