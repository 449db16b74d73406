"""What stands in for the packages and modules that definitions import."""

import pytest

from callboard.sandbox.programs.typescript.shims import SOURCES, shim_of

EXPRESSIONS = {
    "import { closeXml } from '@codebuff/common/util/xml'; closeXml('a')": "</a>",
    "import { closeXml } from '@levelcode/common/src/util/xml.ts'; closeXml('a')": "</a>",
    "import { buildArray } from '@x/common/util/array'; buildArray(1, false, [2, [null, 3]])": [
        1,
        2,
        3,
    ],
    "import { AgentTemplateTypes } from '@x/common/types/session-state'; AgentTemplateTypes.file_picker": "file_picker",
    "import { AGENT_PERSONAS } from '@x/common/constants/agents'; AGENT_PERSONAS.file_picker.displayName": "File Picker",
    "import { openrouterModels as m } from '@x/common/old-constants'; m.openrouter_gpt5": "openai/gpt-5",
    "import { pluralize } from '@x/common/util/string'; pluralize(2, 'file')": "2 files",
    "import fs from 'fs'; fs.readFileSync('.agents/d/p.md', 'utf8')": "text",
    "import { readFileSync as r } from 'node:fs'; import { join } from 'path'; r(join(__dirname, 'd', 'p.md'))": "text",
    "import { readFileSync as r } from 'fs'; r(new URL('./d/p.md', import.meta.url)).toString()": "text",
    "import * as fs from 'fs'; fs.existsSync('.agents/d') && !fs.existsSync('/etc/passwd')": True,
    "import { readdirSync } from 'fs'; readdirSync(__dirname)": ["a.ts", "d"],
    "import { statSync } from 'fs'; [statSync('.agents/d').isDirectory(), statSync(__filename).isFile()]": [
        True,
        True,
    ],
    "import { fileURLToPath } from 'url'; fileURLToPath(import.meta.url)": "/project/.agents/a.ts",
    "import path from 'path'; path.resolve('x/../y')": "/project/y",
    "import path from 'path'; path.relative('/a/b', '/a/c/d')": "../c/d",
    "import p from 'path'; [p.basename('a/b.c', '.c'), p.extname('.x'), p.dirname('/a'), p.join('a', '..', '..')]": [
        "b",
        "",
        "/",
        "..",
    ],
    "import path from 'node:path/posix'; path.parse('/a/b.c').name": "b",
    "import process from 'process'; process.cwd()": "/project",
    "process.env.HOME === undefined": True,
    "import { promises } from 'fs'; typeof promises.readFile": "function",
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_shims_do_what_definitions_ask_of_them(value, text):
    imports, _, expression = text.rpartition("; ")
    found = value(f"{imports}; export default {expression}", **{"d/p.md": "text"})
    assert found == EXPRESSIONS[text]


def test_a_tool_call_is_written_as_models_without_native_calls_write_it(value):
    text = "import { getToolCallString as g } from '@x/common/tools/utils'; export default g('end_turn', {})"
    assert value(text).split("\n")[0] == "<codebuff_tool_call>"
    assert '"cb_easp": true' in value(text)


@pytest.mark.parametrize(
    ("call", "code"),
    [("readFileSync('/etc/passwd')", "ENOENT"), ("writeFileSync('x', '')", "EROFS")],
)
def test_files_outside_are_not_there_and_none_can_be_written(refusal, call, code):
    message = refusal({"a.ts": f"import * as fs from 'fs'\nfs.{call}"})
    assert message.startswith(f"Error: a.ts, line 2: {code}: ")


def test_what_a_shim_does_not_have_is_named(refusal):
    message = refusal({"a.ts": "import { zip } from '@x/common/util/array'\nexport default zip()"})
    assert "array does not export zip (imported by a.ts)" in message


def test_every_shim_can_be_imported_by_some_name():
    names = {
        "agents",
        "array",
        "constants",
        "fs",
        "fs-promises",
        "path",
        "process",
        "string",
        "tools",
        "url",
        "xml",
    }
    assert set(SOURCES) == names
    assert shim_of("@codebuff/sdk") is None
    assert shim_of("node:child_process") is None
