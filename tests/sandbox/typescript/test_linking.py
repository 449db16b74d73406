"""Imports: what leads where, what runs when, and what is said when it leads nowhere."""

import json

import pytest

from callboard.sandbox.programs.typescript.link import LinkError, link

IMPORTS = {
    "default": ("import a from './b'; export default a", "export default 1"),
    "named": ("import { a as c } from './b'; export default c", "export const a = 1"),
    "all": ("import * as b from './b'; export default b.a", "export let a = 0; a = 1"),
    "both": (
        "import b, { a } from './b'; export default a + b",
        "export const a = 1; export default 0",
    ),
    "text name": (
        "import { 'a b' as a } from './b'; export default a",
        "const a = 1; export { a as 'a b' }",
    ),
    "default by name": (
        "import { default as a } from './b'; export default a",
        "export { x as default }; const x = 1",
    ),
    "functions": (
        "import { f } from './b'; export default f()",
        "export function f() { return 1 }",
    ),
    "default function": (
        "import f from './b'; export default f()",
        "export default function () { return 1 }\n(0)",
    ),
    "default class": (
        "import A from './b'; export default new A().a",
        "export default class { a = 1 }",
    ),
    "patterns": (
        "import { a, c, d } from './b'; export default a + c + d.length",
        "export const { a, b: [c = 1], ...d } = { a: 0, b: [], length: 0 }",
    ),
    "again": ("import { c } from './b'; export default c", "export { a as c } from './c'"),
    "all again": ("import { a } from './b'; export default a", "export * from './c'"),
    "all by a name": ("import { c } from './b'; export default c.a", "export * as c from './c'"),
    "imported and exported": (
        "import { a } from './b'; export default a",
        "import { a } from './c'; export { a }",
    ),
    "equals": ("import b = require('./b'); export default b.a", "export = { a: 1 }"),
    "alias": (
        "import * as b from './b'; import a = b.c.d; export default a",
        "export const c = { d: 1 }",
    ),
    "required": ("const { a } = require('./b'); module.exports = a", "exports.a = 1"),
    "common js by default": (
        "import b from './b'; export default b.a",
        "module.exports = { a: 1 }",
    ),
    "common js by name": ("import { a } from './b'; export default a", "module.exports = { a: 1 }"),
    "transpiled": (
        "import a from './b'; export default a",
        "exports.__esModule = true; exports.default = 1",
    ),
    "types only": (
        "import { A, type B } from './nowhere'; const a: A = 1; export default a as B",
        "",
    ),
    "types again": (
        "import { a } from './b'; export default a",
        "export type * from './x'; export const a = 1",
    ),
    "a type exported as a value": (
        "import * as b from './b'; export default b.a",
        "type T = 1; const a = 1; export { T, a }",
    ),
    "live": (
        "import { a, add } from './b'; add(); export default a",
        "export let a = 0; export const add = () => { a++ }",
    ),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_every_form_of_import_finds_what_it_names(value, name):
    text, other = IMPORTS[name]
    assert value(text, **{"b.ts": other, "c.ts": "export const a = 1; export default 9"}) == 1


PLACES = {
    "./b": "b.ts",
    "./c/d.ts": "c/d.ts",
    "./c/d.js": "c/d.ts",
    "./c": "c/index.ts",
    "./e.mjs": "e.mjs",
    "./f": "f.cjs",
    "./c/../b": "b.ts",
    "../.agents/b": "b.ts",
    "b": "b.ts",
    "c/d": "c/d.ts",
    "~/d": "c/d.ts",
    "@exact": "c/d.ts",
    "from-base": "lib/from-base.ts",
    "./data.json": "data.json",
    "./text.md": "text.md",
    "./b.ts?raw": "the source of b.ts",
    "./__proto__": "__proto__.ts",
    "./constructor": "constructor.ts",
}


@pytest.mark.parametrize("specifier", PLACES)
def test_specifiers_lead_where_bundlers_lead_them(value, specifier):
    config = {"baseUrl": "lib", "paths": {"~/*": ["../c/*"], "@exact": ["../c/d"]}}
    files = {
        name: f"export default {json.dumps(name)}" for name in PLACES.values() if name.endswith("s")
    }
    files |= {"b.ts": "export default 'b.ts'", "f.cjs": "module.exports = 'f.cjs'"}
    files |= {"data.json": '"data.json"', "text.md": "text.md"}
    files["tsconfig.json"] = f"// for editors\n{json.dumps({'compilerOptions': config})[:-1]},\n}}"
    expected = files["b.ts"] if specifier.endswith("?raw") else PLACES[specifier]
    assert value(f"import x from {json.dumps(specifier)}; export default x", **files) == expected


@pytest.mark.parametrize(
    "specifier", ["../secret", "/etc/passwd", "../../x", "file:///etc/passwd", ".."]
)
def test_nothing_outside_of_the_folder_is_there(refusal, specifier):
    message = refusal({"a.ts": f"import x from {json.dumps(specifier)}\nexport default x"})
    assert message.startswith("Error: a.ts, line 2: ")
    assert "cannot be imported: it is not in the folder; what can be: " in message


def test_texts_can_be_asked_for_by_attribute(value):
    text = "import a from './b.ts' with { type: 'text' }; export default a"
    assert value(text, **{"b.ts": "let x: 1"}) == "let x: 1"


def test_an_import_that_leads_nowhere_fails_where_it_is_used(value, refusal):
    text = "import { z } from 'zod'\nexport const schema = () => z.object()\n"
    assert value(text + "export default 1") == 1
    message = refusal({"a.ts": text + "export default schema()"})
    assert message.startswith('Error: a.ts, line 2: "zod" cannot be imported')


def test_an_import_for_its_effects_that_leads_nowhere_is_refused():
    with pytest.raises(LinkError, match=r'a\.ts: "\./effects" cannot be imported'):
        link({"a.ts": "import './effects'"}, "a.ts")


def test_a_name_that_a_file_does_not_export_is_named_with_both_files(refusal):
    files = {"a.ts": "import { x } from './b'\nexport default x", "b.ts": "export const y = 1"}
    assert refusal(files) == "Error: a.ts, line 2: b.ts does not export x (imported by a.ts)"


def test_a_failure_in_a_helper_names_the_helper_and_its_line(refusal):
    files = {
        "a.ts": "import { f } from './b'\nf()",
        "b.ts": "export const f = () => {\n  null.x\n}",
    }
    assert "b.ts, line 2: TypeError: cannot read property 'x' of null" in refusal(files)
    files["b.ts"] = "export const f = (\n}"
    with pytest.raises(LinkError, match=r"b\.ts, line"):
        link(files, "a.ts")
    files = {"a.js": "import './b.js'", "b.js": "let a\n\nlet a = = 1"}
    assert refusal(files, "a.js").startswith("Error: b.js, line 3: SyntaxError: ")


def test_files_that_import_one_another_work_once_both_have_run(value):
    files = {"b.ts": "import { a } from './a'; export const later = () => a; export const b = 1"}
    text = "import { b, later } from './b'; export const a = 2; export default [b, later()]"
    assert value(text, **files) == [1, 2]


def test_files_that_need_one_another_at_once_are_told_so(refusal):
    files = {
        "b.ts": "import { a } from './a'\nexport const b = a",
        "a.ts": "import { b } from './b'\nexport const a = b",
    }
    assert "b.ts, line 2: " in refusal(files)


def test_each_file_runs_once_in_the_order_of_imports(value):
    files = {
        "b.ts": "import './log'; (globalThis as any).log.push('b'); export const b = 1",
        "c.ts": "import { b } from './b'; (globalThis as any).log.push('c'); export const c = b",
        "log.ts": "(globalThis as any).log ??= []",
    }
    text = "import { c } from './c'; import { b } from './b'; export default [(globalThis as any).log, b, c]"
    assert value(text, **files) == [["b", "c"], 1, 1]


def test_without_a_default_the_exports_themselves_are_the_value(value):
    text = "export const id = 'a'; export { T } from './b'; export * from './c'; export type X = 1"
    assert value(text, **{"b.ts": "export type T = 1", "c.ts": "export const model = 'm'"}) == {
        "id": "a",
        "model": "m",
    }


def test_a_common_js_file_exports_what_it_sets(run):
    assert run({"a.cjs": "module.exports = { id: 'a' }"}, "a.cjs") == {"id": "a"}
    assert run({"a.js": "exports.id = __filename + typeof require"}, "a.js") == {
        "id": "/project/.agents/a.jsfunction"
    }


def test_functions_keep_the_text_that_their_author_wrote(value):
    steps = "function* ({ prompt }) {\n  // why\n  yield 'STEP'\n}"
    typed = steps.replace("({ prompt })", "({ prompt }: Context)")
    text = f"import {{ Context }} from './types'\nexport default {{ handleSteps: {typed} }}"
    kept = value(text)["handleSteps"]
    assert kept.replace("         ", "") == steps


@pytest.mark.parametrize("entry", ["missing.ts", "a.py", "a.json"])
def test_an_entry_is_a_script_that_is_there(entry):
    with pytest.raises(LinkError, match=entry):
        link({"a.py": "", "a.json": "{}"}, entry)
