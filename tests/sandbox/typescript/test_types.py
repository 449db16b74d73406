"""TypeScript that leaves no trace, and TypeScript that does."""

import pytest

from callboard.sandbox.programs.typescript.erase import erase
from callboard.sandbox.programs.typescript.errors import LinkError

ERASED = {
    "annotations": "const a: string = 'x'; let b: number | undefined; export default [a, b ?? 0] // ['x', 0]",
    "functions": "function f<T extends {}>(a: T, b?: number, ...c: string[]): T { return a } export default f(1) // 1",
    "as": "export default ({ a: 1 } as const as unknown as { a: 1 }) // {'a': 1}",
    "satisfies": "export default { a: 1 } satisfies { a: number } // {'a': 1}",
    "bang": "const a = { b: { c: 1 } }; export default a!.b!.c! // 1",
    "optional chains": "const a = null as any; export default [a?.b!.c ?? 1] // [1]",
    "old assertions": "const f = () => <any>{ a: 1 }; export default f() // {'a': 1}",
    "generic calls": "const f = (x: any) => x; export default f<string>(new Map<string, number>().size) // 0",
    "interfaces": "interface A<T> extends Object { (x: T): void; readonly b?: T }; export default 1 // 1",
    "aliases": "type A = | 'a' | `b${string}`; type B<T> = T extends infer U ? U : never; export default 1 // 1",
    "overloads": "function f(): 1; function f(a: any): 2; function f(a?: any) { return 3 } export default f() // 3",
    "declarations": "declare const x: 1; declare function f(): void; declare global { var y: 1 } export default 1 // 1",
    "guards": "const f = (x: any): x is string => true; function g(x: any): asserts x {} export default f(1) // True",
    "this": "function f(this: Foo, a: number) { return a } export default f.call(null, 2) // 2",
    "only this": "function f(this: Foo) { return arguments.length } export default f() // 0",
    "catch": "let a = 0; try { throw 1 } catch (e: unknown) { a = e as number } export default a // 1",
    "definite": "let a!: number; a = 1; export default a // 1",
    "type words as names": "const type = 1, of = 2, declare = 3; export default [type, of, declare] // [1, 2, 3]",
    "async generics": "const f = async <T,>(x: T) => x; export default typeof f // 'function'",
    "casts on the left": "let a: any; (a as any) = 1; a! += 1; export default a // 2",
    "loops": "let s = 0; for (const x of [1, 2] as number[]) s += x; export default s // 3",
    "patterns": "const f = ({ a, b }: { a: 1; b?: 2 } = {} as any) => [a, b ?? 0]; export default f({ a: 1 }) // [1, 0]",
    "instantiations": "const f = <T,>(x: T) => x; const g = f<string>; export default g('a') // 'a'",
    "queries": "const a = 1; type A = typeof a; type B = typeof import('./x'); export default a // 1",
    "namespaces of types": "namespace N { export interface A {} type B = 1; namespace M {} } export default 1 // 1",
    "variance": "type A<in out T> = T; export default 1 // 1",
    "enums": "enum A { B, C, D = 5, E } export default [A.B, A.C, A.E, A[5]] // [0, 1, 6, 'D']",
    "enums of texts": "enum A { B = 'x', 'c d' = 'y' } export default A // {'B': 'x', 'c d': 'y'}",
    "enums that compute": "enum A { B = 1 << 1, C = B | 1, D = 'x'.length, E } export default [A.C, A.E] // [3, 2]",
    "enums in two parts": "enum A { B = 1 } enum A { C = 2 } export default [A.B, A.C] // [1, 2]",
    "const enums": "export const enum A { B = 'b' } export default A.B // 'b'",
    "enum members that are words": "enum A { delete, default = 4 } export default [A.delete, A[4]] // [0, 'default']",
}


@pytest.mark.parametrize("name", ERASED)
def test_types_go_and_values_stay(value, name):
    text, _, expected = ERASED[name].rpartition(" // ")
    assert value(text) == eval(expected)


CLASSES = """
abstract class Shape<T> implements Named, Sized {
  declare ghost: string
  private readonly sides!: number
  static #count?: number = 1
  protected label?: string
  [key: string]: any
  abstract area(): number
  abstract name: string
  describe(): string
  describe(prefix?: string): string { return `${prefix ?? ''}${this.label}` }
  static async *all<T>(): AsyncGenerator<T> {}
  public get count(): number { return Shape.#count! }
}
class Square extends Shape<number> {
  override label = 'square'
  constructor(private readonly side: number, public unit = 'm', plain?: string) {
    super()
    this.label += plain ?? ''
  }
  area(): number { return this.side ** 2 }
}
const square = new Square(3, undefined, '!')
export default [square.area(), square.unit, square.describe('a '), square.count, 'ghost' in square, 'sides' in square]
"""


def test_classes_keep_their_fields_and_parameter_properties(value):
    assert value(CLASSES) == [9, "m", "a square!", 1, False, True]


def test_a_constructor_without_super_sets_its_parameter_properties_first(value):
    text = (
        "class A { b; constructor(readonly a: number) { this.b = this.a } } export default new A(1)"
    )
    assert value(text) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    "text",
    [
        "const a = 1 as number\n;[2].forEach(() => {})\nexport default a",
        "const a = 1 as number\n(() => {})()\nexport default a",
        "const a = <number>1\ninterface B {}\n(() => {})()\nexport default a",
        "const a = 1\ntype B = 2\n;(() => {})()\nexport default a",
        "const a = (\n1): { b: number }\nexport default a".replace("(\n1): { b: number }", "1"),
        "const f = (): {\n  a: number\n} => ({ a: 1 })\nexport default f().a",
        "const f = async <\n T\n>(x: T) => x\nexport default typeof f === 'function' ? 1 : 0",
        "const f = () => { return <any>\n1 }\nexport default f()",
        "class A { a: number\n  ['b']: number = 1\n  get: number\n  c(): number { return 1 } }\nexport default new A().b",
        "import type { A } from './x'\n(() => {})()\nexport default 1",
        "let a = 1\nimport { A } from './x'\n(() => {})()\nexport default a",
        "export default 1 as number\n(() => {})()",
        "#!/usr/bin/env bun\nexport default 1",
    ],
)
def test_what_only_a_type_kept_apart_stays_apart(value, text):
    assert value(text) == 1


def test_lines_keep_their_numbers(refusal):
    text = "import type {\n  A,\n} from './x'\ninterface B {\n  c: 1\n}\nenum C {\n  D,\n}\nthrow new Error('here')\n"
    assert refusal({"a.ts": text}) == "Error: a.ts, line 10: here"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("const a = 1\n@dec class A {}", "line 2: decorators are not supported"),
        ("class A { @dec() b = 1 }", "line 1: decorators are not supported"),
        ("namespace N { export const a = 1 }", "line 1: namespaces with values are not supported"),
        ("\nconst a = = 1", "line 2: cannot be read"),
        ("const a = {\n  b: 1,\n", "line 1: cannot be read"),
        ("const a = 'x", "line 1: "),
        ("a\x00b", "holds a NUL"),
        ("a\udc80b", "lone surrogate"),
    ],
)
def test_what_has_no_place_in_a_definition_is_refused_with_its_line(text, why):
    with pytest.raises(LinkError, match=why):
        erase(text, "ts")


def test_jsx_is_refused_and_a_tsx_file_without_it_is_read(run):
    assert run({"a.tsx": "const f = <T,>(x: T): T => x\nexport default f(1)"}, "a.tsx") == 1
    with pytest.raises(LinkError, match="line 1: JSX is not supported"):
        erase("export default <b>x</b>", "tsx")


JAVASCRIPT = """
const a = { b: [1, 2], 'c': `x${1 + 1}y`, get d() { return /a[/]b/g } }
function* steps({ prompt, params = {} }) { const { toolResult } = yield { toolName: 'x', input: {} }; yield 'STEP' }
class A extends Object { static #x = 1; constructor(...rest) { super(); this.rest = rest } }
label: for (const [k, v] of Object.entries(a)) { if (k < v > (1)) continue label }
const f = async (x) => (await x)?.y ?? 1, g = a < 1, h = g > (2)
"""


@pytest.mark.parametrize("dialect", ["ts", "tsx", "js"])
def test_javascript_is_not_changed(dialect):
    text = JAVASCRIPT.replace("k < v > (1)", "k").replace(", g = a < 1, h = g > (2)", "")
    assert erase(text if dialect != "js" else JAVASCRIPT, dialect).code == (
        text if dialect != "js" else JAVASCRIPT
    )
