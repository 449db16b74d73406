"""JavaScript that means harm. Each program has to end as a fault, or yield something harmless."""

import asyncio

import pytest

from callboard.ports.programs import ProgramFault

pytestmark = pytest.mark.anyio

ENDLESS = {
    "a loop": "for (;;);",
    "a loop that swallows everything": "for (;;) try { for (;;); } catch {}",
    "finally for ever": "try { for (;;); } finally { for (;;); }",
    "a regular expression": "/^(a+)+$/.test('a'.repeat(64) + 'b')",
    "a big number": "9n ** 9n ** 9n",
    "sorting": "new Array(1e6).fill(0).sort(() => { for (;;); })",
    "a getter": "yield { get x() { for (;;); } }",
    "a method of JSON": "yield { toJSON() { for (;;); } }",
    "a message": "throw { toString() { for (;;); }, toJSON() { for (;;); } }",
    "a proxy": "yield new Proxy({}, { ownKeys() { for (;;); } })",
}
MEMORY = {
    "a list": "const a = []; for (;;) a.push(a.slice())",
    "a text": "let s = 'x'; const all = []; for (;;) { s += s + Math.random(); all.push(s.slice(1)) }",
    "buffers": "const a = []; for (;;) a.push(new ArrayBuffer(1e7))",
    "one buffer": "new Uint8Array(1e9)",
    "objects": "const a = []; for (;;) a.push({ a: {} })",
    "a map": "const m = new Map(); for (let i = 0; ; i++) m.set(i, {})",
}
CRASHING = {
    "recursion": "const f = () => f(); f()",
    "recursion in a getter": "const o = { get x() { return this.x } }; o.x",
    "recursion in JSON": "const o = { toJSON() { return { o } } }; yield o",
    "a deep value": "let x = []; for (let i = 0; i < 1e5; i++) x = [x]; yield x",
    "a deep text": "JSON.parse('['.repeat(1e6))",
    "deep source": "eval('('.repeat(1e6))",
    "a deep expression": "new RegExp('('.repeat(1e5))",
    "a throw of nothing": "throw undefined",
    "a throw of a proxy": "throw new Proxy({}, { get() { throw 1 }, has() { throw 1 } })",
    "a throw of a symbol": "throw Symbol('x')",
}
TAMPERING = {
    "JSON": "JSON.stringify = JSON.parse = () => '}{'; yield 'mine'",
    "the prototype of objects": "Object.prototype.toJSON = () => '}{'; yield 'mine'",
    "the prototype of lists": "Array.prototype.toJSON = function () { return 3 }; yield 'mine'",
    "a setter": "Object.defineProperty(Object.prototype, 'done', { set() { throw 1 } }); yield 'mine'",
    "everything global": "for (const n of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[n] } catch {} yield 'mine'",
    "Reflect": "Reflect.apply = () => { for (;;); }; yield 'mine'",
    "the generator": "Object.getPrototypeOf(function* () {}).prototype.next = () => '}{'; yield 'mine'",
    "the errors": "Error.prototype.toString = () => { throw 1 }; Error.prototype.name = 1n; yield 'mine'",
    "a numeric setter": "Object.defineProperty(Array.prototype, '0', { set() { throw 1 } }); yield 'mine'",
}


async def outcome(driving, body):
    """The fault's reason, or what was yielded."""
    try:
        return await driving.first(f"function* (ctx) {{ {body}; yield 'over' }}")
    except ProgramFault as fault:
        return fault.reason


@pytest.fixture
async def neighbour(strict, now):
    """A program in the same pool that has to go on as if nothing had happened."""
    program = await strict.start("function* () { for (;;) yield 'well' }")
    assert (await program.advance(None, now=now)).value == "well"
    yield program
    assert (await program.advance({}, now=now)).value == "well"


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
async def test_what_never_ends_is_ended(strict, neighbour, body):
    async with asyncio.timeout(60):
        assert await outcome(strict, body) in {"time", "error", "memory"}


@pytest.mark.parametrize("body", MEMORY.values(), ids=MEMORY)
async def test_memory_is_bounded(strict, neighbour, body):
    assert await outcome(strict, body) in {"memory", "time", "error"}


async def test_a_lack_of_memory_is_told_as_such(strict):
    assert await outcome(strict, MEMORY["one buffer"]) == "memory"


@pytest.mark.parametrize("body", CRASHING.values(), ids=CRASHING)
async def test_what_crashes_is_a_fault(strict, neighbour, body):
    assert await outcome(strict, body) in {"error", "memory", "protocol"}


@pytest.mark.parametrize("body", TAMPERING.values(), ids=TAMPERING)
async def test_a_program_that_breaks_its_realm_breaks_itself_only(strict, neighbour, body):
    async with asyncio.timeout(60):
        found = await outcome(strict, body)
    assert found in ("mine", "error", "protocol", "time", "}{")


async def test_numbers_that_json_has_not_are_null(patient):
    assert await outcome(patient, "yield [NaN, Infinity, -0]") == [None, None, 0]


async def test_a_value_that_is_too_large_is_refused(strict):
    assert await outcome(strict, "yield 'x'.repeat(3 << 20)") == "too_large"


async def test_a_flood_of_log_lines_is_cut(strict):
    (reached,) = await strict.drive(
        "function* () { for (let n = 0; n < 1e5; n++) console.log(n === 1 ? 'x'.repeat(50000) : n); yield 1 }"
    )
    assert len(reached.logs) == 20
    assert len(str(reached.logs[1].data)) == 10_001
    assert reached.logs[-1].message == "99981 more log lines were dropped"


async def test_there_is_nothing_but_the_language(patient):
    names = [
        "process",
        "require",
        "std",
        "os",
        "fetch",
        "setTimeout",
        "Deno",
        "Bun",
        "module",
        "print",
    ]
    value = await patient.first(
        f"function* () {{ yield {names}.map((n) => typeof globalThis[n]) }}"
    )
    assert set(value) == {"undefined"}


async def test_the_clock_cannot_be_had_by_a_detour(patient):
    value = await patient.first(
        "function* () { yield [new (new Date().constructor)().getTime(), Date.prototype.constructor === Date] }"
    )
    assert value == [1767323045678, True]


async def test_modules_cannot_be_imported(patient):
    value = await patient.first(
        "function* () { let got = 'nothing'; import('/etc/passwd').then((m) => { got = m }); yield got }"
    )
    assert value == "nothing"
