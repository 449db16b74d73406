"""Names for models in files: aliases, and chains of models that are asked one after the other.

A definition says `model: alias/NAME` or `model: chain/NAME`; what that stands for is in `models.yaml`, beside the
agents or in the state directory. Exchanging a model is a change of that file and of nothing else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from callboard.definitions.files import Unreadable, read_text
from callboard.definitions.findings import Findings, did_you_mean, dotted
from callboard.definitions.pydantic_errors import explain
from callboard.definitions.syntax.yaml_source import read_yaml
from callboard.domain.definition.agent import AgentDefinition
from callboard.domain.definition.language import Language
from callboard.domain.definition.model_choice import ModelChoice
from callboard.domain.errors import ConfigurationInvalid
from callboard.ports.model import NamedModels

MODELS_FILE: Final = "models.yaml"
ALIAS: Final = "alias/"
CHAIN: Final = "chain/"

_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class _Choice(Language):
    """A choice as files spell it; a lone string is its model."""

    model: Annotated[str, Field(min_length=1)]
    provider: str | None = None
    base_url: str | None = None
    credential: str | None = None


class _ModelsFile(Language):
    aliases: dict[_Name, str | _Choice] = Field(default_factory=dict)
    chains: dict[
        _Name, Annotated[tuple[str | _Choice, ...], Field(min_length=1, max_length=16)]
    ] = Field(default_factory=dict)


class FileModelNames:
    """`callboard.ports.model.ModelNames` from the files of some folders, read anew each time. What an earlier
    folder says of a name counts: a later one adds names and changes none, so that a repository cannot lead the
    deployment's own agents to a model, or an address, of its choice.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._places = tuple(folder / MODELS_FILE for folder in folders)

    async def chain(self, definition: AgentDefinition) -> tuple[ModelChoice, ...]:
        """See `ports.model.ModelNames`."""
        model = definition.model
        if not model.startswith((ALIAS, CHAIN)):
            return ()
        named = await self.known()
        known = {f"{ALIAS}{name}": (choice,) for name, choice in named.aliases.items()}
        known |= {f"{CHAIN}{name}": choices for name, choices in named.chains.items()}
        if model not in known:
            hint = did_you_mean(model, known)
            places = " or ".join(map(str, self._places))
            raise ConfigurationInvalid(
                f"agent {definition.id}: nobody says what the model {model!r} stands for{hint}; say it in"
                f" {places}"
            )
        return known[model]

    async def known(self) -> NamedModels:
        """See `ports.model.ModelNames`."""
        aliases: dict[str, ModelChoice] = {}
        files: dict[str, _ModelsFile] = {}
        for path in reversed(self._places):
            found = _read(path)
            if found is None:
                continue
            files[str(path)] = found
            aliases |= {name: _choice(one) for name, one in found.aliases.items()}
        chains: dict[str, tuple[ModelChoice, ...]] = {}
        for name, found in files.items():
            for chain, members in found.chains.items():
                chains[chain] = _members(members, aliases, f"{name}: chains.{chain}")
        _check_aliases(aliases)
        return NamedModels(aliases, chains, tuple(reversed(files)))


def _members(
    members: tuple[str | _Choice, ...], aliases: Mapping[str, ModelChoice], where: str
) -> tuple[ModelChoice, ...]:
    choices: list[ModelChoice] = []
    for index, member in enumerate(members):
        choice = _choice(member)
        if choice.model.startswith(CHAIN):
            raise ConfigurationInvalid(
                f"{where}[{index}]: a chain holds models and aliases, and no other chain"
            )
        if choice.model.startswith(ALIAS):
            name = choice.model.removeprefix(ALIAS)
            if name not in aliases:
                hint = did_you_mean(name, aliases)
                raise ConfigurationInvalid(f"{where}[{index}]: there is no alias {name!r}{hint}")
            choice = aliases[name]
        if choice in choices:
            raise ConfigurationInvalid(f"{where}[{index}]: {choice} is in this chain already")
        choices.append(choice)
    return tuple(choices)


def _check_aliases(aliases: Mapping[str, ModelChoice]) -> None:
    for name, choice in aliases.items():
        if choice.model.startswith((ALIAS, CHAIN)):
            raise ConfigurationInvalid(
                f"{MODELS_FILE}: aliases.{name}: an alias stands for a model, and not for {choice.model!r}"
            )


def _choice(given: str | _Choice) -> ModelChoice:
    if isinstance(given, str):
        return ModelChoice(model=given)
    return ModelChoice(**given.model_dump())


def _read(path: Path) -> _ModelsFile | None:
    """Return what a file says, None where there is none."""
    if not path.exists() and not path.is_symlink():
        return None
    findings = Findings(str(path))
    try:
        raw = read_yaml(read_text(path), findings)
    except Unreadable as reason:
        raise ConfigurationInvalid(f"{path}: {reason}") from None
    if not findings.problems:
        try:
            read = _ModelsFile.model_validate({} if raw is None else raw)
            _whole(read, findings)
            if not findings.problems:
                return read
        except ValidationError as error:
            for one in error.errors(include_url=False):
                findings.problem(dotted(one["loc"]), explain(one))
    listed = "\n".join(f"{path}: {p.field}: {p.message}" for p in findings.problems)
    raise ConfigurationInvalid(
        f"{listed}\nIt holds `aliases` (a name and its model) and `chains` (a name and a list of models); a model"
        " is `vendor/model`, or an object with `model` and `provider`."
    )


def _whole(read: _ModelsFile, findings: Findings) -> None:
    """Note choices that say where without saying whose."""
    members = [(f"aliases.{name}", one) for name, one in read.aliases.items()]
    for name, chain in read.chains.items():
        members += [(f"chains.{name}[{index}]", one) for index, one in enumerate(chain)]
    for where, one in members:
        if isinstance(one, _Choice) and one.provider is None and (one.base_url or one.credential):
            findings.problem(where, "`baseUrl` and `credential` need a `provider` beside them")
