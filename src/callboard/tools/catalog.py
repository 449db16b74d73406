"""All tools there are. A new tool is a folder and two lines here."""

from collections.abc import Mapping

from callboard.ports.tools import Tool
from callboard.tools.add_message.tool import TOOL as ADD_MESSAGE
from callboard.tools.code_search.tool import TOOL as CODE_SEARCH
from callboard.tools.end_turn.tool import TOOL as END_TURN
from callboard.tools.find_files.tool import TOOL as FIND_FILES
from callboard.tools.glob.tool import TOOL as GLOB
from callboard.tools.list_directory.tool import TOOL as LIST_DIRECTORY
from callboard.tools.read_files.tool import TOOL as READ_FILES
from callboard.tools.run_terminal_command.tool import TOOL as RUN_TERMINAL_COMMAND
from callboard.tools.set_messages.tool import TOOL as SET_MESSAGES
from callboard.tools.set_output.tool import TOOL as SET_OUTPUT
from callboard.tools.spawn_agents.tool import TOOL as SPAWN_AGENTS
from callboard.tools.str_replace.tool import TOOL as STR_REPLACE
from callboard.tools.think_deeply.tool import TOOL as THINK_DEEPLY
from callboard.tools.write_file.tool import TOOL as WRITE_FILE

_BUILT_IN = (
    ADD_MESSAGE,
    CODE_SEARCH,
    END_TURN,
    FIND_FILES,
    GLOB,
    LIST_DIRECTORY,
    READ_FILES,
    RUN_TERMINAL_COMMAND,
    SET_MESSAGES,
    SET_OUTPUT,
    SPAWN_AGENTS,
    STR_REPLACE,
    THINK_DEEPLY,
    WRITE_FILE,
)


class Catalog:
    """See `ports.tools.ToolCatalog`."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = dict(tools)

    def get(self, name: str) -> Tool | None:
        """Return a tool by its exact name."""
        return self._tools.get(name)

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        return tuple(sorted(self._tools))


def built_in_tools() -> Catalog:
    """Return the tools that Callboard comes with; no description is read and no schema made yet."""
    return Catalog({tool.name: tool for tool in _BUILT_IN})
