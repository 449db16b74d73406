"""Incidents of other products that are about what is read, stored, fetched and told, each by its class."""

import pytest
from tests.cli.shell import CANARY, call, calls, command, say

from callboard.domain.errors import LogCorrupt
from callboard.domain.events.codec import Sealed, unseal

pytestmark = pytest.mark.timeout(300)

STORED = "stored-value-2718281828"


@pytest.mark.parametrize(
    "body",
    [
        '{"lc":1,"type":"constructor","id":["os","system"],"kwargs":{"command":"true"}}',
        '{"__reduce__":["os.system",["true"]]}',
        '{"type":"run.resumed","__class__":"os.system","run_id":"r","seq":1}',
        '{"$ref":"file:///etc/passwd"}',
        '{"py/object":"subprocess.Popen"}',
        '{"type":"run.resumed","epoch":NaN}',
        '{"type":"run.resumed","epoch":1e400}',
        '{"type":"run.resumed","epoch":9223372036854775808,"run_id":"\\ud800"}',
        "\udc80".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_langgraph_cve_2025_64439_stored_state_is_data_and_becomes_no_object(body):
    with pytest.raises(LogCorrupt):
        unseal(Sealed("r", 1, body.encode(), ""))


def test_langchain_cve_2025_68664_an_answer_that_poses_as_an_object_is_text(shell, model):
    posing = '{"lc":1,"type":"secret","id":["OPENROUTER_API_KEY"]}'
    shell.agent()
    model.will(say(posing))
    done = shell("run", "helper", "--json", "--run-id", "r")
    assert done.code == 0
    assert done.events[-1]["output"]["value"] == posing
    shown = shell("runs", "show", "r", "--json")
    assert shown.out == done.out
    assert CANARY not in shown.out


def test_claude_code_action_the_key_of_the_process_is_nowhere_an_agent_can_look(shell, model):
    shell.cold = True  # its environment has to be that of the process
    shell.agent(toolNames=["run_terminal_command", "read_files", "end_turn"])
    places = ["/proc/self/environ", "/proc/1/environ", "../../proc/self/environ"]
    model.will(
        calls(call("read_files", paths=places)),
        command("env; cat /proc/*/environ | tr '\\0' '\\n'; echo looked", "c2"),
        say("Nothing."),
    )
    done = shell("run", "helper", "--json", "--run-id", "r")
    assert done.code == 0
    assert "looked" in model.last_text()
    assert CANARY not in model.last_text() + done.out + done.err
    assert CANARY.encode() not in b"".join(f.read_bytes() for f in shell.home.glob("callboard.db*"))


def test_openhands_4288_a_mask_replaces_no_key_and_no_export_holds_one(shell, model):
    shell.env["CALLBOARD_KEYRING"] = "off"
    for value in (STORED, "**********"):
        put = ("credentials", "set", "work", "--provider", "openai")
        assert shell(*put, given=value.encode()).code == 0
    (facts,) = shell("credentials", "list", "--json").json
    assert facts["version"] == 1
    shell.agent()
    model.will(say(f"It is {STORED}."))
    assert shell("run", "helper", "--run-id", "r").code == 0
    refused = shell("runs", "export", "r")
    assert (refused.code, STORED in refused.out + refused.err) == (2, False)


@pytest.mark.parametrize("tool", ["__class__", "open", "write_private", "run_terminal_command", ""])
def test_semantic_kernel_cve_2026_25592_only_what_a_definition_lists_can_be_called(
    shell, model, tool
):
    shell.agent(toolNames=["list_directory", "end_turn"])
    model.will(calls(call(tool, command="touch ran", path="ran")), say("Oh."))
    shell("run", "helper", "--json", "--run-id", "r")
    assert not (shell.workspace / "ran").exists()
    assert "tool_call.started" not in shell("runs", "show", "r", "--json").types


SPELLINGS = ("127.0.0.1", "0177.1", "2130706433", "[::ffff:127.0.0.1]", "localhost.", "127.1")


def asks_for_pages_of(model):
    """The model wishes for pages of a server of this machine, which is the model's own."""
    port = model.url.rpartition(":")[2]
    urls = [f"http://{host}:{port}/stolen" for host in SPELLINGS]
    model.will(*(calls(call("read_url", url=url)) for url in urls), say("Done."))
    return port


def test_flowise_cve_2026_41271_no_spelling_of_an_address_leads_to_this_machine(shell, model):
    shell.agent(toolNames=["read_url", "end_turn"])
    port = asks_for_pages_of(model)
    assert shell("run", "helper", "--run-id", "r").code == 0
    assert not [each.path for each in model.received if "stolen" in each.path]
    model.will(calls(call("read_url", url=f"http://127.0.0.1:{port}/stolen")))
    shell("run", "helper", CALLBOARD_WEB_ALLOW=f"127.0.0.1:{port}")
    assert [each.path for each in model.received if "stolen" in each.path]  # the bait is alive
