"""All tools there are. A new tool is a folder and two lines here."""

from collections.abc import Mapping

from callboard.ports.tool_services import NO_SERVICES, ToolServices
from callboard.ports.tools import Tool
from callboard.tools.add_message.tool import TOOL as ADD_MESSAGE
from callboard.tools.add_subgoal.tool import TOOL as ADD_SUBGOAL
from callboard.tools.apply_patch.tool import TOOL as APPLY_PATCH
from callboard.tools.ask_user.tool import TOOL as ASK_USER
from callboard.tools.browser_logs.tool import make_tool as make_browser_logs
from callboard.tools.code_search.tool import TOOL as CODE_SEARCH
from callboard.tools.compact_history.tool import TOOL as COMPACT_HISTORY
from callboard.tools.create_plan.tool import TOOL as CREATE_PLAN
from callboard.tools.end_turn.tool import TOOL as END_TURN
from callboard.tools.find_files.tool import TOOL as FIND_FILES
from callboard.tools.glob.tool import TOOL as GLOB
from callboard.tools.list_directory.tool import TOOL as LIST_DIRECTORY
from callboard.tools.lookup_agent_info.tool import make_tool as make_lookup_agent_info
from callboard.tools.propose_str_replace.tool import TOOL as PROPOSE_STR_REPLACE
from callboard.tools.propose_write_file.tool import TOOL as PROPOSE_WRITE_FILE
from callboard.tools.read_docs.tool import make_tool as make_read_docs
from callboard.tools.read_files.tool import TOOL as READ_FILES
from callboard.tools.read_subtree.tool import TOOL as READ_SUBTREE
from callboard.tools.read_url.tool import make_tool as make_read_url
from callboard.tools.run_file_change_hooks.tool import TOOL as RUN_FILE_CHANGE_HOOKS
from callboard.tools.run_terminal_command.tool import TOOL as RUN_TERMINAL_COMMAND
from callboard.tools.set_messages.tool import TOOL as SET_MESSAGES
from callboard.tools.set_output.tool import TOOL as SET_OUTPUT
from callboard.tools.skill.tool import make_tool as make_skill
from callboard.tools.spawn_agent_inline.tool import TOOL as SPAWN_AGENT_INLINE
from callboard.tools.spawn_agents.tool import TOOL as SPAWN_AGENTS
from callboard.tools.str_replace.tool import TOOL as STR_REPLACE
from callboard.tools.suggest_followups.tool import TOOL as SUGGEST_FOLLOWUPS
from callboard.tools.task_completed.tool import TOOL as TASK_COMPLETED
from callboard.tools.think_deeply.tool import TOOL as THINK_DEEPLY
from callboard.tools.update_subgoal.tool import TOOL as UPDATE_SUBGOAL
from callboard.tools.web_search.tool import make_tool as make_web_search
from callboard.tools.write_file.tool import TOOL as WRITE_FILE
from callboard.tools.write_todos.tool import TOOL as WRITE_TODOS

_BUILT_IN = (
    ADD_MESSAGE,
    ADD_SUBGOAL,
    APPLY_PATCH,
    ASK_USER,
    CODE_SEARCH,
    COMPACT_HISTORY,
    CREATE_PLAN,
    END_TURN,
    FIND_FILES,
    GLOB,
    LIST_DIRECTORY,
    PROPOSE_STR_REPLACE,
    PROPOSE_WRITE_FILE,
    READ_FILES,
    READ_SUBTREE,
    RUN_FILE_CHANGE_HOOKS,
    RUN_TERMINAL_COMMAND,
    SET_MESSAGES,
    SET_OUTPUT,
    SPAWN_AGENT_INLINE,
    SPAWN_AGENTS,
    STR_REPLACE,
    SUGGEST_FOLLOWUPS,
    TASK_COMPLETED,
    THINK_DEEPLY,
    UPDATE_SUBGOAL,
    WRITE_FILE,
    WRITE_TODOS,
)
_WITH_SERVICES = (
    make_browser_logs,
    make_lookup_agent_info,
    make_read_docs,
    make_read_url,
    make_skill,
    make_web_search,
)


class Catalog:
    """See `ports.tools.ToolCatalog`."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = dict(tools)

    def get(self, name: str) -> Tool | None:
        """Return a tool by its exact name."""
        return self._tools.get(name)

    def with_added(self, tools: Mapping[str, Tool]) -> "Catalog":
        """Return a catalogue with these tools beside its own, and instead of those of the same name."""
        return Catalog({**self._tools, **tools}) if tools else self

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        return tuple(sorted(self._tools))


def built_in_tools(services: ToolServices = NO_SERVICES) -> Catalog:
    """Return the tools that Callboard comes with; no description is read and no schema made yet.

    Tools whose service is missing are there all the same and say how to configure it.
    """
    made = (make(services) for make in _WITH_SERVICES)
    return Catalog({tool.name: tool for tool in (*_BUILT_IN, *made)})
