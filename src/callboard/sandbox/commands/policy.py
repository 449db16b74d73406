"""What a command may touch, in our own words; landlock and bubblewrap each translate it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["landlock", "bubblewrap", "off"]

SYSTEM_READ_ONLY = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store"),
    *("/proc/cpuinfo", "/proc/filesystems", "/proc/loadavg", "/proc/meminfo", "/proc/stat"),
    *("/proc/sys/kernel", "/proc/sys/vm", "/proc/uptime", "/proc/version"),
    "/sys/devices/system/cpu",
)
ETC_READ_ONLY = tuple(
    f"/etc/{name}"
    for name in (
        *(
            "alternatives",
            "bash.bashrc",
            "ca-certificates",
            "ca-certificates.conf",
            "crypto-policies",
        ),
        *("debian_version", "group", "host.conf", "hosts", "inputrc", "java", "ld.so.cache"),
        *("ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime", "lsb-release", "magic"),
        *("mime.types", "nsswitch.conf", "os-release", "passwd", "pki", "protocols", "python3"),
        *("resolv.conf", "services", "shells", "terminfo", "timezone"),
        *("ssl/certs", "ssl/cert.pem", "ssl/openssl.cnf"),  # not ssl/private
    )
)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one command, in bytes and counts; `tasks` is on top of those that run already."""

    memory: int = 8 << 30
    file_size: int = 4 << 30
    open_files: int = 8192
    tasks: int = 1024

    def by_name(self) -> dict[str, int]:
        """Return the limits under the names of the `resource` module.

        Memory is bounded as data, not as address space: some runtimes reserve far more than they use.
        """
        return {
            "RLIMIT_CORE": 0,
            "RLIMIT_DATA": self.memory,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_NPROC": self.tasks,
        }


@dataclass(frozen=True, slots=True)
class Policy:
    """Grants for the commands of one workspace. All paths are absolute and real.

    `temporary` is the workspace's private directory for HOME and TMPDIR. `sockets`: commands may use TCP, where
    the jail has a network of its own, with nothing in it; elsewhere it changes nothing.
    """

    root: str
    temporary: str
    read_only: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    writable_root: bool = True
    sockets: bool = False

    @property
    def home(self) -> str:
        """The command's HOME."""
        return f"{self.temporary}/home"

    @property
    def scratch(self) -> str:
        """The command's TMPDIR."""
        return f"{self.temporary}/scratch"

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a command: nothing of ours is passed on."""
        own = tuple(f"{place}/bin" for place in self.read_only if Path(place, "bin").is_dir())
        return {
            "PATH": os.pathsep.join((*own, *_SYSTEM_PATH)),
            "HOME": self.home,
            "TMPDIR": self.scratch,
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "CI": "1",
            "NO_COLOR": "1",
            "PAGER": "cat",
            "GIT_PAGER": "cat",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def grantable(paths: Sequence[str]) -> tuple[str, ...]:
    """Return real paths, each once, without those so high up that granting them grants everything."""
    real = dict.fromkeys(str(Path(path).resolve()) for path in paths)
    return tuple(path for path in real if len(Path(path).parts) > 1 and path != "/proc")
