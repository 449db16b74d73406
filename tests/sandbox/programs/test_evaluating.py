"""Definition files that are programs, evaluated in workers."""

from typing import Any, cast

import pytest

from callboard.ports.programs import Evaluated, ProgramLimits
from callboard.sandbox.programs.evaluator import ConfinedEvaluator

pytestmark = pytest.mark.anyio

EVALUATOR = ConfinedEvaluator(limits=ProgramLimits(load_s=30))


def evaluate(path, files):
    return EVALUATOR.evaluate(files, (path,))[path]


def only(path: str, text: str, **files: str) -> dict[str, Any]:
    found = evaluate(path, {**files, path: text})
    assert found.problem == ""
    (definition,) = found.definitions
    return cast("dict[str, Any]", definition)


STEPS = "\ndef handle_steps(ctx):\n    yield {'toolName': NAME, 'input': {}}\n"


def test_a_dict_is_a_definition():
    assert only("a.py", "definition = {'id': 'a', 'toolNames': ('x', 'y'), 'n': None}") == {
        "id": "a",
        "toolNames": ["x", "y"],
        "n": None,
    }


def test_constructors_record_what_they_are_given():
    text = """
from callboard import AgentDefinition, Agent, InputSchema, Limits, PermissionRule, ReasoningOptions
other = Agent(id="other")
definition: AgentDefinition = AgentDefinition(
    id="a",
    spawnable_agents=[other.id],
    limits=Limits(turns=3),
    permissions=[PermissionRule(effect="deny", tool="*")],
    input_schema=InputSchema(prompt={"type": "string"}),
    reasoning_options=ReasoningOptions(enabled=True),
)
"""
    assert only("a.py", text) == {
        "id": "a",
        "spawnable_agents": ["other"],
        "limits": {"turns": 3},
        "permissions": [{"effect": "deny", "tool": "*"}],
        "input_schema": {"prompt": {"type": "string"}},
        "reasoning_options": {"enabled": True},
    }


def test_a_file_may_have_several_definitions_or_none():
    several = evaluate("a.py", {"a.py": "definitions = [{'id': n} for n in 'ab']"})
    assert several == Evaluated(definitions=({"id": "a"}, {"id": "b"}))
    assert evaluate("a.py", {"a.py": "PROMPT = 'x'"}) == Evaluated()


def test_a_program_is_the_whole_text_of_its_file():
    text = "NAME = 'look'\ndefinition = {'id': 'a'}" + STEPS
    assert only("a.py", text) == {"id": "a", "handleSteps": text}


def test_a_function_of_another_name_is_named_at_the_end():
    text = "NAME = 'look'" + STEPS.replace("handle_steps", "mine")
    text += "definition = {'id': 'a', 'handle_steps': mine}\n"
    assert only("a.py", text)["handleSteps"] == f"{text}\n\nhandle_steps = mine\n".replace(
        "\n\n\n", "\n\n"
    )


def test_a_program_may_be_a_text():
    text = "definition = {'id': 'a', 'handleSteps': 'function* () {}'}"
    assert only("a.py", text)["handleSteps"] == "function* () {}"


async def test_files_of_the_folder_can_be_imported_and_come_along_with_the_program(patient):
    text = """
from .names import NAME
from team.deep import DEEP
import team.deep, team.more as more
from team import more as again
definition = {"id": "a", "prompt": NAME + DEEP + more.MORE + again.MORE + team.deep.DEEP}
def handle_steps(ctx):
    from late import LATE
    yield [NAME, DEEP, more.MORE, LATE]
"""
    files = {
        "names.py": "NAME = 'n'",
        "team/__init__.py": "",
        "team/deep.py": "from ..names import NAME\nfrom . import more\nDEEP = NAME + more.MORE",
        "team/more.py": "MORE = 'm'",
        "late.py": "LATE = 'l'",
        "unused.py": "raise ValueError",
    }
    definition = only("a.py", text, **files)
    assert definition["prompt"] == "nnmmmnm"
    steps = definition["handleSteps"]
    assert steps.startswith(text)
    assert "unused" not in steps
    assert await patient.first(steps) == ["n", "nm", "m", "l"]


async def test_a_file_below_the_folder_imports_from_the_folder(patient):
    text = "from .prompts import P\nfrom top import T\ndefinition = {'id': 'a', 'p': P + T}\n"
    text += "def handle_steps(ctx):\n    yield P + T\n"
    definition = only("team/a.py", text, **{"team/prompts.py": "P = 'p'", "top.py": "T = 't'"})
    assert definition["p"] == "pt"
    assert await patient.first(definition["handleSteps"]) == "pt"


def test_a_definition_that_is_imported_belongs_to_its_own_file():
    files = {"b.py": "definition = {'id': 'b'}", "a.py": "from b import definition"}
    assert EVALUATOR.evaluate(files, ("a.py", "b.py")) == {
        "a.py": Evaluated(),
        "b.py": Evaluated(definitions=({"id": "b"},)),
    }


def test_a_file_whose_name_is_a_module_of_the_worker_is_still_the_folders():
    files = {"socket.py": "X = 1", "a.py": "from socket import X\ndefinition = {'id': X}"}
    assert evaluate("a.py", files).definitions == ({"id": 1},)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import os", "os cannot be imported here"),
        ("from missing import x", "missing cannot be imported here"),
        ("1 / 0", "ZeroDivisionError: division by zero (line 1)"),
        ("x = (", "SyntaxError"),
        ("definition = 3", "has to be a dict or an AgentDefinition, not 3"),
        ("definitions = {'id': 'a'}", "`definitions` has to be a list"),
        ("definition = {'id': 'a', 'x': print}", "which is not JSON"),
        ("definition = {'id': 'a', 'handle_steps': lambda ctx: 3}", "at the top level of the file"),
        ("open('prompt.md').read()", "cannot read or write files"),
        ("raise SystemExit", "SystemExit (line 1)"),
        ("import warnings\nwarnings.sys.modules['os']._exit(0)", "its worker has ended"),
    ],
)
def test_a_problem_is_told(text, problem):
    found = evaluate("a.py", {"a.py": text})
    assert found.definitions == ()
    assert problem in found.problem


def test_one_files_fault_is_not_anothers():
    files = {
        "endless.py": "while True: pass",
        "endless.ts": "for (;;);\nexport default {}",
        "hungry.py": "x = bytearray(10**12)",
        "good.py": "definition = {'id': 'a'}",
        "good.ts": "export default { id: 'b', model: 'm' }",
    }
    evaluator = ConfinedEvaluator(limits=ProgramLimits(load_s=4))
    found = evaluator.evaluate(files, tuple(files))
    assert {path: bool(result.problem) for path, result in found.items()} == {
        "endless.py": True,
        "endless.ts": True,
        "hungry.py": True,
        "good.py": False,
        "good.ts": False,
    }
    assert found["good.ts"].definitions == ({"id": "b", "model": "m"},)


def test_nothing_to_evaluate_starts_nothing():
    assert EVALUATOR.evaluate({}, ()) == {}


def test_a_file_that_is_not_there_is_a_problem():
    assert evaluate("a.py", {}).problem == "there is no such file"


async def test_typescript_is_linked_and_its_generator_kept_as_text(patient):
    text = """
import type { AgentDefinition } from './types/agent-definition'
import { PROMPT } from './prompts'
const definition: AgentDefinition = {
  id: 'a',
  model: 'x/y',
  instructionsPrompt: PROMPT as string,
  handleSteps: function* ({ prompt }: { prompt?: string }) {
    const { toolResult } = yield { toolName: 'read_files', input: { paths: [prompt!] } }
    yield 'STEP' as const
  },
  unknown: undefined,
  helper: () => 3,
}
export default definition
"""
    definition = only("a.ts", text, **{"prompts.ts": "export const PROMPT = `p`"})
    steps = definition.pop("handleSteps")
    assert definition == {"id": "a", "model": "x/y", "instructionsPrompt": "p"}
    assert steps.startswith("function*")
    value = await patient.first(steps, prompt="f")
    assert value == {"toolName": "read_files", "input": {"paths": ["f"]}}


@pytest.mark.parametrize(
    "written",
    [
        "*handleSteps() { yield 'STEP' }",
        "* handleSteps ( ) { yield 'STEP' }",
        "*'handleSteps'() { yield 'STEP' }",
        "*['handleSteps']() { yield 'STEP' }",
        "* /* a ( comment */ handleSteps() { yield 'STEP' }",
        "handleSteps: function *() { yield 'STEP' }",
        "handleSteps: function * named() { yield 'STEP' }",
        "handleSteps: function /* a comment */ * () { yield 'STEP' }",
    ],
)
async def test_however_a_generator_is_written_its_text_is_an_expression(patient, written):
    steps = only("a.js", f"export default {{ id: 'a', model: 'm', {written} }}")["handleSteps"]
    assert steps.startswith(("function*", "function *"))
    assert await patient.first(steps) == "STEP"


@pytest.mark.parametrize(
    "written",
    ["handleSteps: () => 3", "async *handleSteps() {}", "handleSteps: async function* () {}"],
)
def test_other_functions_stay_as_they_are_written(written):
    steps = only("a.js", f"export default {{ id: 'a', model: 'm', {written} }}")["handleSteps"]
    assert steps in written


@pytest.mark.parametrize(
    "text",
    [
        "export const PROMPT = 'x'",
        "export default { id: 'a' }",
        "export default { model: 'm' }",
        "export default function helper() {}",
        "export default null",
        "export type X = string",
        "let s = 'x'; for (let i = 0; i < 1e5; i++) s += 'ab'; export default s",
    ],
)
def test_a_module_without_id_and_model_is_a_helper(text):
    assert evaluate("a.ts", {"a.ts": text}) == Evaluated()


def test_the_exports_themselves_may_be_the_definition():
    assert only("a.ts", "export const id = 'a'; export const model = 'm'") == {
        "id": "a",
        "model": "m",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("export default {", ""),
        ("throw new Error('boom'); export default {}", "boom"),
        ("const a: any = { id: 'a', model: 'm' }; a.self = a; export default a", "circular"),
        ("export default nothing", "nothing is not defined"),
        ("const f = () => f(); f(); export default {}", "stack"),
        ("new Uint8Array(1e10); export default {}", ""),
    ],
)
def test_a_problem_in_typescript_is_told(text, problem):
    found = evaluate("a.ts", {"a.ts": text})
    assert found.definitions == ()
    assert found.problem
    assert problem in found.problem
