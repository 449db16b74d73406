"""A jail around the browser, for where its own sandbox cannot start: bubblewrap, as for commands. In it
there is no other process, no file of anybody's, no environment, and no network but the proxy.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net"),
    *("--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
)
_OWN = ("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run")  # noqa: S108 - inside
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store")
_ETC = tuple(
    f"/etc/{name}"
    for name in (
        *("alternatives", "ca-certificates", "chromium", "chromium.d", "fonts", "ld.so.cache"),
        *("ld.so.conf", "ld.so.conf.d", "localtime", "nsswitch.conf", "pki", "ssl/certs"),
    )
)
PORT = 3128
"""Where the proxy is, inside."""


def find_bubblewrap() -> str | None:
    """Return the path of the program that makes jails, or None."""
    return shutil.which("bwrap", path=_SYSTEM_PATH)


def write_jail(place: Path, bubblewrap: str, chromium: str, socket_path: str) -> Path:
    """Write a program that starts the browser in a jail; return its path.

    Args:
        place: a private directory, the only one that the browser may write to.
        bubblewrap: the program that makes the jail.
        chromium: the browser.
        socket_path: the proxy's socket, beneath `place`.
    """
    forwarder = str(Path(__file__).with_name("forwarder.py"))
    python = os.path.realpath(sys.executable)
    words = [bubblewrap, *_NAMESPACES, *_OWN]
    readable = (*_SYSTEM, *_ETC, sys.base_prefix, str(Path(chromium).resolve().parent), forwarder)
    for path in dict.fromkeys(readable):
        words += ["--ro-bind-try", path, path]
    words += ["--bind", str(place), str(place), "--remount-ro", "/", "--chdir", str(place)]
    words += ["--clearenv"]
    for name, value in environment(place).items():
        words += ["--setenv", name, value]
    words += ["--", python, "-I", "-S", forwarder, str(PORT), socket_path, chromium]
    script = place / "browser"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    script.chmod(0o700)
    return script


def environment(place: Path) -> dict[str, str]:
    """Return the whole environment of the browser."""
    return {
        "HOME": str(place),
        "TMPDIR": str(place),
        "PATH": _SYSTEM_PATH,
        "LANG": "C.UTF-8",
    }
