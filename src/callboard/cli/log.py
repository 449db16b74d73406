"""The log of a process that serves or works: one line an entry, on stderr."""

import logging


def log_to_stderr(*others: str) -> None:
    """Write what Callboard logs, from `INFO` on, and what `others` log from `WARNING` on."""
    written = logging.StreamHandler()
    written.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger("callboard").addHandler(written)
    logging.getLogger("callboard").setLevel(logging.INFO)
    for name in others:
        logging.getLogger(name).addHandler(written)
