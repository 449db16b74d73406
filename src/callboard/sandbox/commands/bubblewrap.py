"""The policy as bubblewrap's arguments: namespaces, in which most of the machine does not exist."""

import os
import stat
from collections.abc import Sequence

from callboard.sandbox.commands.policy import ETC_READ_ONLY, SYSTEM_READ_ONLY, Policy

_NAMESPACES = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net"),
    *("--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    "--as-pid-1",  # the server: no signal from inside ends the first process of a namespace
)
_OWN = ("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run")  # noqa: S108 - inside
_GIT_CONTROL = ("config", "config.worktree", "commondir", "hooks", "info", "modules")


def arguments(policy: Policy, needed: Sequence[str]) -> bytes:
    """Return the NUL separated arguments for `--args`; they never show up in the process list.

    `needed` are directories that the server is read from.
    """
    words = [*_NAMESPACES, *_OWN]
    system = (path for path in SYSTEM_READ_ONLY if not path.startswith("/proc"))
    for path in (*system, *ETC_READ_ONLY, *needed, *policy.read_only):
        words += ["--ro-bind-try", path, path]
    words += ["--bind" if policy.writable_root else "--ro-bind", policy.root, policy.root]
    for control in _git_control(policy.root):
        words += ["--ro-bind-try", control, control]
    words += ["--bind", policy.temporary, policy.temporary]
    words += ["--remount-ro", "/", "--chdir", policy.root, "--clearenv"]
    return b"".join(os.fsencode(word) + b"\0" for word in words)


def _git_control(root: str) -> tuple[str, ...]:
    """Return what of git's own files is mounted read-only.

    Nothing can be mounted below a `.git` that is a file (a linked worktree, a submodule), nor where a link leads out.
    """
    git = f"{root}/.git"
    try:
        is_directory = stat.S_ISDIR(os.stat(git).st_mode)  # noqa: PTH116 - text all the way
    except OSError:
        return ()
    top, real = os.path.realpath(root), os.path.realpath(git)
    if not real.startswith(f"{top.rstrip('/')}/"):
        return ()
    place = f"{root}/{os.path.relpath(real, top)}"
    return tuple(f"{place}/{name}" for name in _GIT_CONTROL) if is_directory else (place,)
