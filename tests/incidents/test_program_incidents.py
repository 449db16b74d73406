"""Incidents of other products in which an expression left its language. Here it may: the process that it runs in has no
files, no network, no environment and no children, and each of these tests looks at what became of the machine.
"""

import socket

import pytest
from tests.sandbox.programs.conftest import patient, pools, strict

from callboard.engine.placeholders import filled
from callboard.ports.programs import ProgramFault

__all__ = ["patient", "pools", "strict"]
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

SECRET = "canary-of-the-host"

PYTHON = {
    "modules by a detour": "found = __import__('warnings').sys.modules['os']",
    "subclasses": """
named = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == "_wrap_close"]
found = named[0].__init__.__globals__
""",
    "every subclass": """
for kind in ().__class__.__mro__[-1].__subclasses__():
    held = getattr(kind.__init__, "__globals__", {})
    found = held.get("os") or held.get("sys") and held["sys"].modules.get("os")
    if found:
        break
""",
    "the frame of a generator": """
def climb():
    yield [me.gi_frame.f_back]
me = climb()
frame = next(me)[0]
while frame:
    found = frame.f_globals.get("os") or frame.f_globals.get("sys")
    if found:
        break
    frame = frame.f_back
""",
    "the frame of an asynchronous generator": """
async def climb():
    yield 1
agen = climb()
found = agen.ag_frame.f_builtins["__import__"]("os")
""",
    "the frame of a coroutine": """
async def climb():
    pass
waiting = climb()
frame = waiting.cr_frame
waiting.close()
found = frame.f_builtins["__import__"]("posix")
""",
    "the frame of an exception": """
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame
while frame.f_back:
    frame = frame.f_back
found = frame.f_builtins["__import__"]("os")
""",
    "the builtins of a function": "found = (lambda: 0).__globals__['__builtins__']['__import__']('os')",
    "the builtins of a method": "found = print.__self__.__import__('os')",
    "a loader": "found = __loader__.load_module('os')",
    "a loader of another module": "import json\nfound = json.__loader__.load_module('posix')",
    "a spec": "import json\nfound = json.__spec__.loader.get_data('/proc/self/environ')",
    "a decorator": "exec_ = exec\n@exec_\n@(lambda c: \"import os; globals()['found'] = os\")\nclass X: pass\nfound = globals().get('found')",
    "a metaclass": """
class Meta(type):
    __getitem__ = lambda self, text: eval(text)
class Evil(metaclass=Meta):
    pass
found = Evil["__import__('os')"]
""",
    "a text that is compiled": "found = eval(compile(\"__import__('os')\", 'x', 'eval'))",
    "code that is replaced": """
def f():
    return 0
f.__code__ = compile("def g():\\n    import os\\n    return os", "x", "exec").co_consts[0]
found = f()
""",
    "a pickle": "found = __import__('pickle').loads(b\"cos\\nsystem\\n(S'touch {ran}'\\ntR.\")",
    "a breakpoint": "found = breakpoint()",
    "a thread": "found = __import__('warnings').sys.modules['_thread'].start_new_thread(print, ())",
    "a signal": "found = __import__('warnings').sys.modules['signal'].raise_signal(19)",
    "ctypes": """
ctypes = __import__('warnings').sys.modules["ctypes"]
libc = ctypes.CDLL(None)
libc.system(b"touch {ran}")
libc.execve(b"/bin/sh", None, None)
found = libc
""",
    "memory of the process": "found = __import__('warnings').sys.modules['ctypes'].string_at(id(0), 64)",
    "the printer of the licence": "license._Printer__filenames = ['{secret}']\nfound = str(license)",
    "the lines of a file": "import linecache\nfound = linecache.getlines('{secret}')",
    "a format string": "found = '{{0.__init__.__globals__}}'.format(ctx) + '{{0.__class__.__mro__}}'.format(ctx)",
    "a name that a format string asks for": """
import string
found = string.Formatter().get_field("0.__class__.__init__.__globals__", (ctx,), {{}})
""",
    "a garbage collector": "import gc\nfound = [one for one in gc.get_objects() if 'system' in getattr(one, '__dict__', {{}})]",
    "an audit hook": "__import__('warnings').sys.addaudithook(lambda *_: None)\nfound = __import__('warnings').sys",
    "a profile": "__import__('warnings').sys.setprofile(lambda *_: None)\nfound = __import__('warnings').sys.modules['os']",
}
"""Ways to what nobody gave a program. Each leaves in `found` what it got."""

HARM = """
def harm(found):
    sys = __import__("warnings").sys
    told = [str(found)]
    system = sys.modules.get("os")
    for each in (found, system):
        for do in (
            lambda: each.system("touch {ran}"),
            lambda: each.open("{ran}", 0o101),
            lambda: each.posix_spawn("/bin/touch", ["touch", "{ran}"], {{}}),
            lambda: each.execv("/bin/touch", ["touch", "{ran}"]),
            lambda: each.fork(),
            lambda: told.append(str(dict(each.environ))),
            lambda: told.append(each.read(each.open("{secret}", 0), 999).decode()),
            lambda: told.append(each.read(each.open("/proc/self/environ", 0), 9999).decode()),
            lambda: told.append(str(each.listdir("{home}"))),
            lambda: sys.modules["socket"].create_connection(("127.0.0.1", {port}), 1),
            lambda: sys.modules["subprocess"].run(["touch", "{ran}"]),
        ):
            try:
                do()
            except BaseException:
                pass
    return "".join(told)[:20000]
"""

JAVASCRIPT = {
    "the constructor of a constructor": "found = (() => {}).constructor('return this')()",
    "process by a constructor": "found = [].constructor.constructor('return process')()",
    "this": "found = (function () { return this })()",
    "the context": "found = ctx.constructor.constructor('return globalThis')()",
    "a function of the host": "found = ctx.logger && ctx.logger.info.constructor('return this')()",
    "a generator's constructor": "found = (function* () {}).constructor('yield this')().next().value",
    "an asynchronous function's": "found = (async () => {}).constructor('return this')()",
    "eval": "found = (0, eval)('this')",
    "require": "found = require('child_process')",
    "a module of the engine": "found = await_ => import('std')",
    "the modules of the engine": "found = [globalThis.std, globalThis.os, globalThis.bjson]",
    "a binding of node": "found = process.binding('spawn_sync')",
    "the main module": "found = process.mainModule.require('child_process')",
    "a stack that is prepared": "Error.prepareStackTrace = (_, frames) => frames; found = new Error().stack",
    "a proxy": "found = new Proxy({}, { getPrototypeOf: () => Function }).constructor('return this')()",
    "the caller": "function f() { return f.caller } found = f()",
    "the species of a list": "class A extends Array { static get [Symbol.species]() { return Function } } found = new A(1).map(() => 1)",
    "a prototype": "({}).__proto__.polluted = 1; found = globalThis",
    "shared memory": "found = new SharedArrayBuffer(8); Atomics.wait(new Int32Array(found), 0, 0, 10)",
    "WebAssembly": "found = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))",
    "a regular expression": "found = RegExp.prototype.exec.constructor('return this')()",
    "a worker": "found = new Worker('data:,1')",
    "dynamic import of a file": "found = import('{secret}')",
}

HARM_IN_JAVASCRIPT = """
function harm(found) {{
  const told = [String(found)]
  for (const each of [found, globalThis, globalThis.std, globalThis.os]) for (const act of [
    () => each.execSync("touch {ran}"), () => each.spawnSync("touch", ["{ran}"]), () => each.exec(["touch", "{ran}"]),
    () => each.open("{ran}", "w"), () => told.push(each.loadFile("{secret}")), () => told.push(each.getenv("HOME")),
    () => told.push(each.readFileSync("{secret}", "utf8")), () => told.push(JSON.stringify(each.process.env)),
    () => each.require("fs").writeFileSync("{ran}", ""), () => each.fetch("http://127.0.0.1:{port}/"),
    () => new each.XMLHttpRequest(), () => new each.WebSocket("ws://127.0.0.1:{port}/"),
  ]) try {{ act() }} catch {{}}
  return told.join("").slice(0, 20000)
}}
"""


@pytest.fixture
def host(tmp_path):
    """What a program could do harm to: a file that it may not make, one that it may not read, a port nearby."""
    (tmp_path / "secret").write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        names = {"ran": tmp_path / "RAN", "secret": tmp_path / "secret", "home": tmp_path}
        yield names | {"port": listening.getsockname()[1]}
        assert not (tmp_path / "RAN").exists()
        with pytest.raises(BlockingIOError):
            listening.accept()


async def told_by(driving, text):
    try:
        return str(await driving.first(text))
    except ProgramFault as fault:
        return f"fault: {fault.reason}"


@pytest.mark.parametrize("way", PYTHON)
async def test_n8n_cve_2025_68613_a_python_program_that_leaves_its_language_reaches_nothing(
    strict, host, monkeypatch, way
):
    monkeypatch.setenv("CALLBOARD_CANARY", "canary-of-the-environment")
    body = PYTHON[way].replace("{{", "{").replace("}}", "}").strip()
    for name, value in host.items():
        body = body.replace("{" + name + "}", str(value))
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    text = (
        HARM.format(**host)
        + f"\ndef handle_steps(ctx):\n    found = None\n    try:\n{lines}\n"
        + "    except BaseException as error:\n        found = type(error).__name__\n"
        + "    yield harm(found)\n"
    )
    told = await told_by(strict, text)
    assert SECRET not in told
    assert "canary-of-the-environment" not in told


@pytest.mark.parametrize("way", JAVASCRIPT)
async def test_n8n_cve_2025_68613_a_javascript_program_that_leaves_its_language_reaches_nothing(
    strict, host, monkeypatch, way
):
    monkeypatch.setenv("CALLBOARD_CANARY", "canary-of-the-environment")
    body = JAVASCRIPT[way].replace("{secret}", str(host["secret"]))
    text = (
        "function* (ctx) {\n  let found\n  try { "
        + body
        + " } catch (error) { found = error }\n"
        + HARM_IN_JAVASCRIPT.format(**host)
        + "  yield harm(found)\n}"
    )
    told = await told_by(strict, text)
    assert SECRET not in told
    assert "canary-of-the-environment" not in told


@pytest.mark.parametrize("way", ["modules by a detour", "subclasses", "every subclass"])
async def test_n8n_cve_2025_68613_the_language_is_not_what_keeps_programs_in(strict, way):
    """The bait is alive: these ways do lead to the module of the operating system."""
    lines = "\n".join(f"    {line}" for line in PYTHON[way].strip().splitlines())
    text = f"def handle_steps(ctx):\n{lines}\n    yield 'system' in str(dir(found)) + str(found)[:9000]\n"
    assert await told_by(strict, text) == "True"


EXPRESSIONS = {
    "{{ issue.__class__ }}": "",
    "{{ self }}": "",
    "{{ issue.title.upper }}": "",
    "{{ constructor.prototype }}": "",
    "{{ 7 * 7 }}": None,
    "{{ ''.__class__.__mro__[1].__subclasses__() }}": None,
    "{{ issue.constructor.constructor('return process')() }}": None,
    "{{ $json.x }}": None,
    "{{ issue['title'] }}": None,
    "{{ issue.title | upper }}": None,
    "{% import os %}": None,
    "${7*7} #{7*7} <%= 7*7 %>": None,
    "{0.__class__} %(x)s %s {issue}": None,
    "{{{{ issue.title }}}}": "{{T}}",
}
"""Texts, and what a template makes of them; None: the same text."""


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_n8n_cve_2025_68613_a_template_has_names_and_no_expressions(text):
    expected = EXPRESSIONS[text]
    assert filled(text, {"issue": {"title": "T"}}) == (text if expected is None else expected)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_n8n_cve_2025_68613_what_fills_a_template_is_not_filled_again(text):
    assert filled("{{ issue.title }}", {"issue": {"title": text}, "secret": "s3cret"}) == text
