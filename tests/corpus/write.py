"""Writes the corpus files that are missing; never touches one that is there."""

import asyncio
import hashlib
import json
import sys
from datetime import timedelta
from pathlib import Path

from callboard.domain.events.codec import GENESIS, Recorded, Sealed, seal

from .files import EVENTS, HERE, LOGS, SUMS, adds_up_to, every_file
from .logs import agent_log, task_log
from .samples import EVENTS as SAMPLES
from .samples import NOON, RUN


def main() -> None:
    EVENTS.mkdir(exist_ok=True)
    LOGS.mkdir(exist_ok=True)
    written: list[str] = []
    for place, (name, event) in enumerate(SAMPLES.items(), start=1):
        path = EVENTS / f"{name}.json"
        if not path.exists():
            at = NOON + timedelta(milliseconds=place)
            sealed, _ = seal(Recorded(RUN, place, at, event), GENESIS)
            path.write_bytes(sealed.body + b"\n")
            written.append(path.name)
    for name, log in (("agent", agent_log), ("task", task_log)):
        path = LOGS / f"{name}.jsonl"
        if not path.exists():
            sealed_log = asyncio.run(log())
            path.write_text("".join(_line(entry) for entry in sealed_log), encoding="utf-8")
            expected = json.dumps(adds_up_to(sealed_log), indent=2, ensure_ascii=False)
            (LOGS / f"{name}.expected.json").write_text(expected + "\n", encoding="utf-8")
            written.append(path.name)
    known = SUMS.read_text(encoding="utf-8") if SUMS.exists() else ""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {_name(path)}" for path in every_file()
    ]
    new = [f"{line}\n" for line in lines if line not in known.splitlines()]
    SUMS.write_text(known + "".join(new), encoding="utf-8")
    sys.stdout.write(f"{len(written)} written, {len(lines)} in all\n")


def _name(path: Path) -> str:
    return path.relative_to(HERE).as_posix()


def _line(entry: Sealed) -> str:
    fields = {
        "run_id": entry.run_id,
        "seq": entry.seq,
        "hash": entry.hash,
        "body": entry.body.decode(),
    }
    return json.dumps(fields, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
