"""Policies in files: the organisation's in the state directory, a space's beside its agents."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from callboard.definitions.files import Unreadable, read_text
from callboard.definitions.findings import Findings, dotted
from callboard.definitions.pydantic_errors import explain
from callboard.definitions.syntax.yaml_source import read_yaml
from callboard.domain.definition.language import Language
from callboard.domain.definition.permissions import PermissionRule
from callboard.domain.errors import ConfigurationInvalid
from callboard.domain.policy import Level, PolicyLayer

POLICY_FILE: Final = "policy.yaml"

Where = Callable[[str], Awaitable[str]]


class _PolicyFile(Language):
    rules: Annotated[tuple[PermissionRule, ...], Field(max_length=10_000)]


class FilePolicies:
    """`callboard.ports.policies.Policies` from files, read anew each time: they may change while runs wait.

    `folders` are those that agents of a workspace come from, where that is not its own `.agents`.
    """

    def __init__(
        self, home: Path, folders: Sequence[Path] = (), where: Where | None = None
    ) -> None:
        """Read from a home, and from these folders; `where` tells in which directory of this machine a workspace is."""
        self._home = home
        self._folders = tuple(folders)
        self._where = where

    async def layers(self, workspace: str) -> tuple[PolicyLayer, ...]:
        """See `ports.policies.Policies`."""
        found = [
            read_policy(self._home / POLICY_FILE, "organisation"),
            *(read_policy(folder / POLICY_FILE, "space") for folder in self._folders),
        ]
        if not self._folders:
            found.append(await self._of_workspace(workspace))
        return tuple(layer for layer in found if layer is not None and layer.rules)

    async def _of_workspace(self, workspace: str) -> PolicyLayer | None:
        """Return the rules in a workspace. They have the same name on every machine, as they have the same text."""
        place = workspace if self._where is None else await self._where(workspace)
        layer = read_policy(Path(place) / ".agents" / POLICY_FILE, "space")
        if layer is None or place == workspace:
            return layer
        name = str(Path(workspace) / ".agents" / POLICY_FILE)
        return layer.model_copy(update={"name": name})


def read_policy(path: Path, level: Level, *, required: bool = False) -> PolicyLayer | None:
    """Return the rules in a file, or None where there is no such file and none is `required`.

    Raises:
        ConfigurationInvalid: the file is not a policy; names every problem.
    """
    if not required and not path.exists() and not path.is_symlink():
        return None
    findings = Findings(str(path))
    try:
        raw = read_yaml(read_text(path), findings)
    except Unreadable as reason:
        raise ConfigurationInvalid(f"{path}: {reason}") from None
    rules: tuple[PermissionRule, ...] = ()
    if not findings.problems:
        try:
            rules = _PolicyFile.model_validate(raw).rules
        except ValidationError as error:
            for one in error.errors(include_url=False):
                findings.problem(dotted(one["loc"]), explain(one))
    if findings.problems:
        listed = "\n".join(f"{path}: {p.field}: {p.message}" for p in findings.problems)
        raise ConfigurationInvalid(
            f"{listed}\nA policy is a list under `rules`, written as `permissions` of an agent are; nothing "
            "runs while it cannot be read."
        )
    return PolicyLayer(level=level, name=str(path), rules=rules)
