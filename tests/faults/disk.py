"""A home on a disk of its own, mounted where nobody else sees it: it can be full or read-only, also for root."""

import subprocess

from tests.cli.shell import COMMAND, TIMEOUT_S, Done

OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount", "--"]
HOLDER = [*OWN_MOUNTS, "sh", "-c", "echo up; cat"]


def can_mount():
    """Whether this machine lets us mount a disk in memory."""
    tried = "mount -t tmpfs -o size=64k none /mnt"
    try:
        done = subprocess.run(
            [*OWN_MOUNTS, "sh", "-c", tried], check=False, capture_output=True, timeout=20
        )
    except OSError:
        return False
    return done.returncode == 0


class Disk:
    """A disk in memory over a shell's home; it is gone when it is closed."""

    def __init__(self, shell, megabytes=64):
        self._shell = shell
        self._holder = subprocess.Popen(
            HOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "up\n"
        kept = f"{shell.home}.kept"
        self.do(
            f"cp -a {shell.home} {kept} && mount -t tmpfs -o size={megabytes}m,mode=700 none {shell.home}"
            f" && cp -a {kept}/. {shell.home}"
        )

    def close(self):
        self._holder.communicate(timeout=TIMEOUT_S)

    def do(self, script):
        """Run a script where the disk is mounted; return what it prints."""
        return self._run(["sh", "-ec", script], check=True).stdout

    def mount_again(self, options):
        self.do(f"mount -o remount,{options} {self._shell.home}")

    def leave_free(self, kilobytes):
        """Make the disk so small that this much of it is free."""
        (used,) = self.do(f"df -k --output=used {self._shell.home}").split()[1:]
        self.mount_again(f"size={int(used) + kilobytes}k")

    def __call__(self, *arguments, **env):
        """Run the command to its end on this disk."""
        done = self._run([COMMAND, *map(str, arguments)], env=self._shell.environ(**env))
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def _run(self, command, *, check=False, env=None):
        where = ["nsenter", "--target", str(self._holder.pid), "--user", "--mount"]
        return subprocess.run(
            [*where, "--preserve-credentials", f"--wd={self._shell.workspace}", "--", *command],
            check=check,
            env=env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
        )
