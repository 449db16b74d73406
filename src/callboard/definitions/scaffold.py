"""The files that `callboard init` puts into a project."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callboard.domain.errors import ConfigurationInvalid

FILES: Final = ("README.md", "haiku-reviewer.md", "repo-guide.yaml")

TYPESCRIPT: Final = ("todo-lister.ts", "types/agent-definition.ts")
"""What is written beside them for who writes agents in TypeScript."""

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Scaffolded:
    """What `scaffold` did: files it wrote, and files that were there and stayed as they were."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def scaffold(directory: Path, *, typescript: bool = False) -> Scaffolded:
    """Write the example agents into `<directory>/.agents`, one in TypeScript with its types where that is
    wanted. Never overwrites anything.

    Raises:
        ConfigurationInvalid: the directory cannot be written.
    """
    source, target = (
        Path(__file__).parent / "templates" / "scaffold",
        directory / ".agents",
    )
    written: list[Path] = []
    kept: list[Path] = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in (*FILES, *(TYPESCRIPT if typescript else ())):
            (target / name).parent.mkdir(exist_ok=True)
            content = (source / name).read_bytes()
            (written if _write_new(target / name, content) else kept).append(target / name)
    except OSError as error:
        raise ConfigurationInvalid(
            f"{target} cannot be written ({error.strerror}); choose another directory"
        ) from error
    return Scaffolded(tuple(written), tuple(kept))


def _write_new(path: Path, content: bytes) -> bool:
    try:
        descriptor = os.open(path, _NEW, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return True
