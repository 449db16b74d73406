"""A process that is killed in the middle of creating the schema: `killed_upgrade.py DATABASE`."""

import os
import signal
import sys
from pathlib import Path

from alembic import op

from callboard.stores.sqlite.connections import prepare_file
from callboard.stores.sqlite.migrate import ensure_current


def die(*_args, **_options):
    os.kill(os.getpid(), signal.SIGKILL)


op.create_index = die
prepare_file(Path(sys.argv[1]))
ensure_current(Path(sys.argv[1]))
