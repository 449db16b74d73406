"""Scripts from files: `agents:` maps a script's name to its turns."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from callboard.domain.errors import ConfigurationInvalid
from callboard.providers.scripted.script import Script, Turn


class _ScriptFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agents: dict[str, Script | tuple[Turn, ...]]


def parse_scripts(data: object, source: str = "script") -> dict[str, Script]:
    """Return the scripts in `data`, by name.

    Args:
        data: `{"agents": {name: [turn, …]}}`, or a whole script (`turns`, `rules`, `by`) instead of the
            list of turns.
        source: what messages call it.

    Raises:
        ConfigurationInvalid: it is none; names every field that is wrong.
    """
    try:
        agents = _ScriptFile.model_validate(data).agents
    except ValidationError as error:
        problems = [
            f"{source}: {'.'.join(str(step) for step in found['loc'])}: {found['msg']}"
            for found in error.errors(include_url=False)
        ]
        raise ConfigurationInvalid("\n".join(problems)) from None
    return {name: _script(given) for name, given in agents.items()}


def load_scripts(path: Path) -> Mapping[str, Script]:
    """Return the scripts in a YAML or JSON file, by name.

    Raises:
        ConfigurationInvalid: the file cannot be read, or is no script.
    """
    try:
        data: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationInvalid(f"{path}: {error}") from None
    return parse_scripts(data, str(path))


def _script(given: Script | tuple[Turn, ...]) -> Script:
    return given if isinstance(given, Script) else Script(turns=given)
