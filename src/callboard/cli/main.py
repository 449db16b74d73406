"""The `callboard` command: how it begins, and how it ends where it is told to before it has begun anything.

Nothing is imported before that is known: most of a short command's time goes into imports.
"""

# ruff: noqa: PLC0415 - see above

import os
import signal
import sys


class _ToldToEnd(SystemExit):
    """SIGTERM came while no command had its own way to end. It unwinds, so that nothing is left behind."""


def main() -> None:
    """Entry point of the `callboard` command."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _unwind)
    try:
        from callboard.cli.commands import call

        call()
    except KeyboardInterrupt:
        sys.exit(130)
    except _ToldToEnd:
        os.kill(os.getpid(), signal.SIGTERM)  # who watches sees that the signal ended it


def _unwind(number: int, frame: object) -> None:
    del frame
    signal.signal(number, signal.SIG_DFL)
    raise _ToldToEnd


if __name__ == "__main__":
    main()
