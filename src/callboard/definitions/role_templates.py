"""Ready-made roles: used as they are, or copied and changed. Each comes with an example of its work."""

import json
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from callboard.definitions.findings import did_you_mean
from callboard.definitions.reader import read_definitions
from callboard.definitions.registry import TEMPLATES
from callboard.definitions.written import agent_as_yaml
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.errors import ConfigurationInvalid, UnknownThing

ROLES: Final = (
    "implementer",
    "code-reviewer",
    "security-reviewer",
    "design-reviewer",
    "test-writer",
    "planner",
    "documentation-writer",
    "triager",
)
"""The shipped agents that are meant as roles of a team, in the order in which people meet them."""

EXAMPLES: Final = TEMPLATES.parent / "examples"

_ID: Final = re.compile(r"[a-z0-9-]{1,64}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@-]*")
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class RoleTemplate:
    """A role: its definition, the text of its file, and a task that shows what it is for.

    `script` is what a scripted model says to that task, `files` a folder that belongs into the repository of the
    example, where there is one.
    """

    definition: AgentDefinition
    text: str
    task: str
    script: Path
    files: Path | None


@dataclass(frozen=True, slots=True)
class Copy:
    """What to make of a template: its id and model (None: the template's own), and the folder for its file."""

    folder: Path
    id: str | None = None
    model: str | None = None
    overwrite: bool = False


def role_templates(tools: Collection[str]) -> tuple[RoleTemplate, ...]:
    """Return all roles."""
    return tuple(role_template(name, tools) for name in ROLES)


def role_template(name: str, tools: Collection[str]) -> RoleTemplate:
    """Return a role by id.

    Raises:
        UnknownThing: there is none of this name; says which there are.
    """
    if name not in ROLES:
        hint = did_you_mean(name, ROLES)
        raise UnknownThing(f"there is no template {name!r}{hint} (templates: {', '.join(ROLES)})")
    file, example = TEMPLATES / f"{name}.md", EXAMPLES / name
    (loaded,) = read_definitions(file, tools).definitions
    files = example / "files"
    return RoleTemplate(
        loaded.definition,
        file.read_text(encoding="utf-8"),
        (example / "task.md").read_text(encoding="utf-8"),
        example / "script.yaml",
        files if files.is_dir() else None,
    )


def copy_template(template: RoleTemplate, copy: Copy) -> Path:
    """Write a template as a file of one's own, and return where it is.

    The copy has no publisher: it is nobody's but yours, and hides the shipped agent where it keeps its id.

    Raises:
        ConfigurationInvalid: the id or the model cannot be used, or the file is there already.
    """
    new_id = _new_id(template.definition, copy)
    return _placed(copy, f"{new_id}.md", _rewritten(template.text, new_id, copy.model))


def copy_definition(definition: AgentDefinition, copy: Copy) -> Path:
    """Write a role of the organisation's own as a file, and return where it is.

    Raises:
        ConfigurationInvalid: the id or the model cannot be used, or the file is there already.
    """
    changed = {"id": _new_id(definition, copy), "model": copy.model or definition.model}
    own = definition.model_copy(update=changed)
    return _placed(copy, f"{own.id}.yaml", agent_as_yaml(own))


def _new_id(definition: AgentDefinition, copy: Copy) -> str:
    new_id = definition.id if copy.id is None else copy.id
    if not _ID.fullmatch(new_id):
        raise ConfigurationInvalid(
            f"--as {new_id!r}: use up to 64 lower-case letters, digits and hyphens"
        )
    if copy.model is not None and not copy.model.strip():
        raise ConfigurationInvalid("--model: it is empty; name a model, alias/NAME or chain/NAME")
    return new_id


def _placed(copy: Copy, name: str, text: str) -> Path:
    path = copy.folder / name
    try:
        copy.folder.mkdir(parents=True, exist_ok=True)
        _write(path, text, overwrite=copy.overwrite)
    except FileExistsError:
        raise ConfigurationInvalid(
            f"{path} is there already; choose another id with --as, or replace it with --force"
        ) from None
    except OSError as error:
        raise ConfigurationInvalid(
            f"{path} cannot be written ({error.strerror}); choose another folder with --dir"
        ) from error
    return path


def _rewritten(text: str, new_id: str, model: str | None) -> str:
    """Return the file with another id and model; everything else stays as it was written."""
    _, front, body = text.split("---\n", 2)
    front = re.sub(r"(?m)^id: .*$", f"id: {new_id}", front, count=1)
    front = re.sub(r"(?m)^publisher: .*\n", "", front, count=1)
    if model is not None:
        spelt = model if _PLAIN.fullmatch(model) else json.dumps(model)
        front = re.sub(r"(?m)^model: .*$", lambda _: f"model: {spelt}", front, count=1)
    return f"---\n{front}---\n{body}"


def _write(path: Path, text: str, *, overwrite: bool) -> None:
    descriptor = os.open(path, _FLAGS | (os.O_TRUNC if overwrite else os.O_EXCL), 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
