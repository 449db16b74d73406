"""What some tools need beyond the workspace. Whatever is None is not configured, and its tool says so."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from callboard.domain.definition.agent import AgentDefinition
from callboard.ports.web import Browser, DocsSource, Fetcher, SearchProvider


@dataclass(frozen=True, slots=True)
class ToolServices:
    """Services for the tools.

    Attributes:
        registry_lookup: an agent by its reference, for `lookup_agent_info`.
        search: for `web_search`.
        fetcher: for `read_url`.
        docs: for `read_docs`.
        browser: for `browser_logs`.
        skill_folders: absolute paths of folders with the user's skills, for `skill`.
    """

    registry_lookup: Callable[[str], Awaitable[AgentDefinition | None]] | None = None
    search: SearchProvider | None = None
    fetcher: Fetcher | None = None
    docs: DocsSource | None = None
    browser: Browser | None = None
    skill_folders: tuple[str, ...] = ()


NO_SERVICES = ToolServices()
