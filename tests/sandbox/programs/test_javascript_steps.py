"""Generators in JavaScript: what they are given, what they yield, how they fail."""

import pytest

from callboard.ports.programs import ProgramFault

pytestmark = pytest.mark.anyio


async def test_every_form_of_a_yield_comes_out_as_it_is(patient, resume):
    values = await patient.values(
        """function* handleSteps() {
            yield { toolName: 'read_files', input: { paths: ['a'], none: undefined } }
            yield 'STEP'
            yield 'STEP_ALL'
            yield { type: 'STEP_TEXT', text: 'hello' }
            yield { type: 'GENERATE_N', n: 3 }
        }""",
        *[resume()] * 5,
    )
    assert values == [
        {"toolName": "read_files", "input": {"paths": ["a"]}},
        "STEP",
        "STEP_ALL",
        {"type": "STEP_TEXT", "text": "hello"},
        {"type": "GENERATE_N", "n": 3},
        None,
    ]


async def test_the_context_has_undefined_where_there_is_nothing(patient):
    text = """function* ({ agentState, prompt, params, logger, model }) {
        yield [agentState.runId, typeof prompt, typeof params, typeof logger.info, typeof model]
    }"""
    told = {"agentState": {"runId": "r"}}
    assert await patient.first(text, **told) == [
        "r",
        "undefined",
        "undefined",
        "function",
        "string",
    ]
    told |= {"prompt": "go", "params": {"a": 1}}
    assert await patient.first(text, **told) == ["r", "string", "object", "function", "string"]


async def test_what_a_yield_returns(patient, resume):
    text = """function* () {
        const r = yield 'STEP'
        yield [r.agentState.runId, r.toolResult, typeof r.toolError, r.stepsComplete, typeof r.nResponses,
               Array.isArray(r.toolResult), Object.keys(r.toolResult), JSON.stringify(r.toolResult)]
    }"""
    given = resume(agentState={"runId": "r"}, toolResult=[{"type": "json", "value": 1}])
    expected = ["r", given["toolResult"], "undefined", False, "undefined"]
    expected += [True, ["0"], '[{"type":"json","value":1}]']
    assert (await patient.values(text, given))[1] == expected
    given |= {"toolError": "no", "stepsComplete": True, "nResponses": ["a"]}
    value = (await patient.values(text, given))[1]
    assert value[2:5] == ["string", True, "object"]


async def test_a_tools_result_reads_as_the_hosts_text_of_it(patient, resume):
    text = """function* () {
        const { toolResult: found } = yield { toolName: 'code_search', input: {} }
        yield [JSON.parse(found || '[]'), `${found}`, found + '', found.length]
    }"""
    given = resume(toolResult=[{"type": "json", "value": {}}], toolText='["a.py"]')
    values = await patient.values(text, given)
    assert values[1] == [["a.py"], '["a.py"]', '["a.py"]', 1]
    values = await patient.values(text, resume(toolText=""))
    assert values[1] == [[], "[]", "[]", 0]


async def test_log_lines_come_with_the_step_that_wrote_them(patient, resume):
    first, second = await patient.drive(
        """function* ({ logger }) {
            const seen = { n: 1 }
            logger.info(seen, 'begun')
            seen.n = 2
            console.log('a', 3)
            console.error(new TypeError('bad'))
            yield 'STEP'
            logger.debug(undefined)
            const circle = {}; circle.self = circle
            logger.warn(circle)
        }""",
        resume(),
    )
    assert [(line.level, line.data, line.message) for line in first.logs] == [
        ("info", {"n": 1}, "begun"),
        ("info", ["a", 3], ""),
        ("error", "TypeError: bad", ""),
    ]
    assert [(line.level, line.data) for line in second.logs] == [
        ("debug", None),
        ("warn", "[object Object]"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("function* () {\n throw new Error('boom') }", "boom (line 2)"),
        ("function* () {\n\n yield ) }", "SyntaxError: expecting ';' (line 3)"),
        ("function* () { null.x }", "TypeError: cannot read property 'x' of null"),
        ("function* () { throw 'a text' }", "a text"),
        ("function* () { throw { code: 3 } }", '{"code":3}'),
        ("function* () { yield helper() }", "only handleSteps' own text is kept"),
        ("function* () { yield Promise.resolve(1) }", "yielded a promise"),
        ("function* () { return new Promise(() => 0) }", "returned a promise"),
        ("function* () { yield 1n }", "TypeError"),
        ("function* () { const a = []; a[0] = a; yield a }", "TypeError: circular reference"),
        ("function* ( {", "SyntaxError"),
        ("function* () {} || 3, async function* () { yield 1 }", "handleSteps is async"),
        ("function* () {} && (() => 3)", "handleSteps is not a generator"),
        ("function* () {} && 3", "handleSteps is not a function"),
    ],
)
async def test_a_failure_says_what(patient, text, message):
    with pytest.raises(ProgramFault) as caught:
        await patient.drive(text)
    assert message in str(caught.value)
    assert caught.value.reason == "error"


async def test_a_return_ends_it_with_its_value(patient):
    reached = await patient.drive("function* () { return { n: 1 } }")
    assert [(step.done, step.value) for step in reached] == [(True, {"n": 1})]


async def test_halves_of_surrogate_pairs_are_replaced(patient):
    text = r"function* () { yield ['😀'.slice(0, 1) + 'x', '\\ud83d', '😀'] }"
    assert await patient.first(text) == ["\ufffdx", "\\ud83d", "😀"]


async def test_long_texts_that_were_put_together_come_out_whole(patient):
    text = "function* () { let s = ''; for (let i = 0; i < 100000; i++) s += 'ab'; yield s }"
    assert await patient.first(text) == "ab" * 100_000


async def test_big_numbers_of_the_clock_are_exact(patient):
    value = await patient.first(
        """function* () {
            const then = new Date(2020, 1, 3)
            yield [Date.now(), new Date().toISOString(), typeof Date(), new Date() instanceof Date,
                   then.getTime(), Date.UTC(2020, 0), new Date(5).getTime(), Date.name, performance.now(),
                   new Date().constructor === Date]
        }"""
    )
    assert value == [
        *(1767323045678, "2026-01-02T03:04:05.678Z", "string", True, 1580688000000),
        *(1577836800000, 5, "Date", 0, True),
    ]
