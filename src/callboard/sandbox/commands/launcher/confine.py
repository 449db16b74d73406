"""What the server and its commands give up."""

import contextlib
import ctypes
import os
import resource
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

KEEP_CAPABILITIES = (
    0b11011  # chown, dac_override, fowner, fsetid: what root needs for its own files
)
LAST_CAPABILITY = 63
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 24, 38, 22, 2
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture
LANDLOCK_RULE_PATH_BENEATH = 1
CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION = 0x20080522
SOME_TASKS = 4096

LIBC = ctypes.CDLL(None, use_errno=True)


class FilterProgram(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def checked(outcome: int, what: str) -> int:
    """Return a system call's outcome, or raise its error."""
    if outcome < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return outcome


def no_new_privileges() -> None:
    """Give up setuid programs; landlock and seccomp ask for it."""
    checked(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def drop_capabilities(keep: int = KEEP_CAPABILITIES) -> None:
    """Keep root's rights over files, or those of `keep`; give up everything else for good."""
    for capability in range(LAST_CAPABILITY + 1):
        if not keep >> capability & 1:
            LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    kept = keep if os.geteuid() == 0 else 0
    data = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    checked(LIBC.syscall(CAPSET[os.uname().machine], header, data), "capset")


def rule_set(handled: "Sequence[int]", rules: "Sequence[tuple[str, int]]", file_rights: int) -> int:
    """Return a descriptor of landlock rules, pairs of path and rights; a path that is not there grants nothing."""
    attributes = (ctypes.c_uint64 * 3)(*handled)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    ruleset = checked(LIBC.syscall(LANDLOCK_CREATE, attributes, size, 0), "landlock_create")
    for path, rights in rules:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        allowed = rights if stat.S_ISDIR(os.fstat(fd).st_mode) else rights & file_rights
        rule = allowed.to_bytes(8, "little") + fd.to_bytes(4, "little")
        outcome = LIBC.syscall(LANDLOCK_ADD, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0)
        checked(outcome, f"landlock_add_rule {path}")
        os.close(fd)
    return ruleset


def enter(ruleset: int) -> None:
    """Put this process, and all that come of it, under a set of rules."""
    checked(LIBC.syscall(LANDLOCK_RESTRICT, ruleset, 0), "landlock_restrict_self")


def restrict_files(
    handled: "Sequence[int]", rules: "Sequence[tuple[str, int]]", file_rights: int
) -> None:
    """Apply landlock rules to this process; see `rule_set`."""
    ruleset = rule_set(handled, rules, file_rights)
    enter(ruleset)
    os.close(ruleset)


def restrict_calls(program: bytes) -> None:
    """Install a seccomp filter."""
    prog = FilterProgram(len(program) // 8, program)
    outcome = LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(prog), 0, 0)
    checked(outcome, "seccomp")


def set_limits(limits: "dict[str, int]") -> None:
    """Set resource limits by name; a stricter one that is already there stays."""
    for name, value in limits.items():
        kind: int | None = getattr(resource, name, None)
        if kind is None:
            continue
        bound = value + _tasks() if name == "RLIMIT_NPROC" else value
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            bound = min(bound, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (bound, bound))


def _tasks() -> int:
    """Return how many tasks run now: the limit on processes counts all of the user's."""
    try:
        load = os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return SOME_TASKS
    try:
        return int(os.read(load, 200).split()[3].partition(b"/")[2])
    finally:
        os.close(load)
