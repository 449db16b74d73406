"""Python that means harm. Each program has to end as a fault, or yield something harmless, in bounded time."""

import asyncio

import pytest

from callboard.ports.programs import ProgramFault

pytestmark = pytest.mark.anyio

# How a program gets hold of what nobody gave it. Nothing in the language keeps it from that.
REACH = """
import warnings
sys = warnings.sys
os = sys.modules["os"]
def attempt(do):
    try:
        return f"it worked: {do()!r}"
    except BaseException as error:
        return type(error).__name__
"""

ENDLESS = {
    "a loop": "while True: pass",
    "a loop that swallows everything": """
while True:
    try:
        while True: pass
    except BaseException:
        pass
""",
    "finally for ever": """
try:
    while True: pass
finally:
    while True: pass
""",
    "a regular expression": "__import__('re').match('(a+)+$', 'a' * 64 + 'b')",
    "arithmetic": "9 ** 9 ** 9",
    "a text of a number": "x = 10 ** 10 ** 7; __import__('sys_') if x == 0 else [x * x for _ in range(10**6)]",
    "a sum": "sum(iter(int, 1))",
    "a generator inside": "any(iter(int, 1))",
    "a hash": "{type('H', (), {'__hash__': lambda s: 1, '__eq__': lambda s, o: False})() for _ in range(10**6)}",
}

MEMORY = {
    "a list": "x = []\nwhile True: x.append(x * 2 if len(x) > 9 else 'x')",
    "bytes": "x = bytearray(10**9)",
    "a text": "x = 'x'\nwhile True: x += x",
    "a dict": "x = {n: str(n) * 99 for n in range(10**9)}",
    "a number": "x = 1 << (10**10)",
    "a format": "x = '%*d' % (10**9, 1)",
    "a join": "x = ','.join(['x' * 10**6] * 10**6)",
    "many small ones": "x = [bytearray(1000) for _ in range(10**7)]",
}

CRASHING = {
    "recursion": "def f(): return f()\nf()",
    "deep recursion": "__import__('warnings').sys.setrecursionlimit(10**8)\ndef f(): return f()\nf()",
    "recursion in C": """
import warnings
warnings.sys.setrecursionlimit(10**8)
class C:
    def __repr__(self): return repr([self])
repr(C())
""",
    "a deep text": "eval('(' * 10**6 + ')' * 10**6)",
    "a deep value": "x = []\nfor _ in range(10**5): x = [x]\nyield x",
    "a deep value that is written": """
import json, warnings
warnings.sys.setrecursionlimit(10**8)
x = []
for _ in range(10**5): x = [x]
json.dumps(x)
""",
    "exit": "raise SystemExit",
    "an interrupt": "raise KeyboardInterrupt",
    "the end of a generator": "raise GeneratorExit",
    "leaving": "sys_exit = __import__('warnings').sys.modules['os']._exit; sys_exit(0)",
    "abort": "__import__('warnings').sys.modules['os'].abort()",
    "a null pointer": "__import__('warnings').sys.modules['ctypes'].string_at(0)",
    "bytecode": "(lambda: 0).__code__.replace(co_code=b'\\x64\\xff' * 99, co_stacksize=0)\nexec((lambda: 0).__code__.replace(co_code=b'\\x64\\xff' * 99))",
}

FORGED = {
    "a frame in advance": 'write(b\'{"done":true,"value":1,"logs":[]}\\n\')',
    "garbage": "write(b'\\xff\\x00 garbage\\n')",
    "no object": "write(b'[1]\\n')",
    "half a frame": "write(b'{\"token\":'); end()",
    "two frames": "write(b'{}\\n{}\\n')",
    "nothing": "end()",
    "a number too big": "write(b'{\"token\":1' + b'0' * 999 + b'}\\n')",
    "a deep frame": "write(b'[' * 10**5 + b'\\n')",
    "an endless line": "[write(b'x' * 10**6) for _ in range(10**6)]",
    "all brackets": "write(b'[' + b'[],' * 500_000 + b'[]]\\n')",
    "on the standard output": "__import__('warnings').sys.modules['os'].write(1, b'{}\\n')",
}


def step(body: str) -> str:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f"def handle_steps(ctx):\n{lines}\n    yield 'over'\n"


async def outcome(driving, text):
    """The fault's reason, or what was yielded."""
    try:
        return await driving.first(text)
    except ProgramFault as fault:
        return fault.reason


@pytest.fixture
async def neighbour(strict, now):
    """A program in the same pool that has to go on as if nothing had happened."""
    program = await strict.start("def handle_steps(ctx):\n    while True: yield 'well'\n")
    assert (await program.advance(None, now=now)).value == "well"
    yield program
    assert (await program.advance({}, now=now)).value == "well"


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
async def test_what_never_ends_is_ended(strict, neighbour, body):
    async with asyncio.timeout(60):
        assert await outcome(strict, step(body)) in {"time", "memory"}


@pytest.mark.parametrize("body", ["while True: pass", "x = bytearray(10**9)"])
async def test_a_module_is_bounded_while_it_loads(strict, body):
    async with asyncio.timeout(60):
        assert await outcome(strict, body) in {"time", "memory"}


@pytest.mark.parametrize("body", MEMORY.values(), ids=MEMORY)
async def test_memory_is_bounded(strict, neighbour, body):
    assert await outcome(strict, step(body)) in {"memory", "time", "error"}


async def test_a_program_that_survives_its_lack_of_memory_may_go_on(strict):
    text = step("try:\n    x = bytearray(10**9)\nexcept MemoryError:\n    yield 'survived'")
    assert await outcome(strict, text) == "survived"


@pytest.mark.parametrize("body", CRASHING.values(), ids=CRASHING)
async def test_what_crashes_is_a_fault(strict, neighbour, body):
    assert await outcome(strict, step(body)) in {"error", "memory", "protocol"}


@pytest.mark.parametrize("body", FORGED.values(), ids=FORGED)
async def test_forged_frames_are_no_answers(strict, neighbour, body):
    prelude = "os = __import__('warnings').sys.modules['os']\n"
    prelude += "write = lambda data: os.write(3, data)\nend = lambda: os._exit(0)\n"
    assert await outcome(strict, step(prelude + body)) in {"protocol", "too_large", "error", "time"}


async def test_a_frame_that_is_written_ahead_is_not_taken_for_the_next_answer(strict, now):
    text = f"""{REACH}
def handle_steps(ctx):
    write = os.write
    frame = sys._getframe()
    while frame and "request" not in frame.f_locals:
        frame = frame.f_back
    token = frame.f_locals["request"]["token"]
    good = ('{{"token":"%s","done":false,"value":"forged","logs":[]}}' % token).encode()
    write(3, good + b"\\n")
    yield "mine"
    yield "next"
"""
    program = await strict.start(text)
    ended = False
    for _ in range(3):
        try:
            assert (await program.advance(None, now=now)).value == "forged"
        except ProgramFault:
            ended = True
    assert ended


@pytest.mark.parametrize(
    "frame",
    [
        '"done":1,"value":1,"logs":[]',
        '"done":true,"value":1',
        '"done":true,"value":1,"logs":[],"more":1',
        '"done":true,"value":1,"logs":{}',
        '"done":true,"value":1,"logs":[1]',
        '"done":true,"value":1,"logs":[["loud",1,""]]',
        '"done":true,"value":1,"logs":[["info",1,2]]',
        '"done":true,"value":1,"logs":[' + ",".join(['["info",1,""]'] * 21) + "]",
        '"fault":"x"',
        '"fault":["time","x"]',
        '"fault":["protocol",1]',
        '"done":true,"value":"\\ud800","logs":[]',
        '"done":true,"value":NaN,"logs":[]',
    ],
)
async def test_an_answer_of_another_shape_is_a_fault_of_the_protocol(strict, frame):
    text = f"""{REACH}
def handle_steps(ctx):
    frame = sys._getframe()
    while frame and "request" not in frame.f_locals:
        frame = frame.f_back
    token = frame.f_locals["request"]["token"]
    os.write(3, ('{{"token":"%s",' % token + {frame!r} + '}}\\n').encode())
    os._exit(0)
    yield
"""
    assert await outcome(strict, text) == "protocol"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("yield float('nan')", "yielded nan, which is not JSON"),
        ("yield [float('inf')]", "which is not JSON"),
        ("yield {(1, 2): 3}", "which is not JSON"),
        ("x = []\nx.append(x)\nyield x", "which is not JSON: Circular reference"),
        ("x = []\nfor _ in range(150): x = [x]\nyield x", "nested more than 100 levels deep"),
        (
            "class C:\n    def __repr__(self): raise SystemError\nyield C()",
            "yielded an object of type C",
        ),
        ("class E(Exception):\n    def __str__(self): 1 / 0\nraise E", "E: (its message cannot be"),
        ("raise ValueError('\\ud800' * 9)", "ValueError: ????"),
        ("raise ValueError('x' * 10**6)", "xxx…"),
    ],
)
async def test_what_is_no_json_is_named(patient, body, message):
    with pytest.raises(ProgramFault) as caught:
        await patient.first(step(body))
    assert message in str(caught.value)
    assert len(str(caught.value)) < 3000


async def test_a_value_that_is_too_large_is_refused(strict):
    with pytest.raises(ProgramFault) as caught:
        await strict.first(step("yield 'x' * (3 << 20)"))
    assert caught.value.reason == "too_large"


async def test_a_flood_of_log_lines_is_cut(strict):
    body = "for n in range(100_000): ctx.logger.info('x' * 50_000 if n == 1 else n)\nprint('more')"
    (reached,) = await strict.drive(step(body))
    assert len(reached.logs) == 20
    assert len(str(reached.logs[1].data)) == 10_001
    assert reached.logs[-1].message == "99982 more log lines were dropped"


async def test_nothing_of_the_host_can_be_reached(strict):
    text = f"""{REACH}
socket, ctypes = sys.modules["socket"], sys.modules["ctypes"]
libc = ctypes.CDLL(None, use_errno=True)
def refused(number, *arguments):
    libc.syscall.restype = ctypes.c_long
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno())
def handle_steps(ctx):
    yield {{
        "passwd": attempt(lambda: open("/etc/passwd")),
        "real open": attempt(lambda: sys.modules["io"].open("/etc/passwd").read()),
        "os.open": attempt(lambda: os.open("/etc/passwd", 0)),
        "environ file": attempt(lambda: os.open("/proc/self/environ", 0)),
        "memory": attempt(lambda: os.open("/proc/self/mem", 2)),
        "parent": attempt(lambda: os.open(f"/proc/{{os.getppid()}}/environ", 0)),
        "list": attempt(lambda: os.listdir("/")),
        "stat": attempt(lambda: os.stat("/")),
        "write": attempt(lambda: os.open("/tmp/x", 65, 0o600)),
        "chdir": attempt(lambda: os.chdir("/")),
        "fork": attempt(os.fork),
        "system": attempt(lambda: os.system("true") and 1 / 0),
        "exec": attempt(lambda: os.execv("/bin/true", ["true"])),
        "spawn": attempt(lambda: os.posix_spawn("/bin/true", ["true"], {{}})),
        "kill parent": attempt(lambda: os.kill(os.getppid(), 9)),
        "kill all": attempt(lambda: os.kill(-1, 9)),
        "kill one": attempt(lambda: os.kill(1, 0)),
        "inet": attempt(lambda: socket.socket()),
        "unix": attempt(lambda: socket.socket(socket.AF_UNIX)),
        "pair": attempt(lambda: socket.socketpair()),
        "pipe": attempt(os.pipe),
        "dup": attempt(lambda: os.dup(3)),
        "close": attempt(lambda: os.close(3)),
        "memfd": attempt(lambda: os.memfd_create("x")),
        "pidfd": attempt(lambda: os.pidfd_open(os.getpid())),
        "thread": attempt(lambda: sys.modules["_thread"].start_new_thread(print, ())),
        "limits": attempt(lambda: sys.modules["resource"].setrlimit(9, (-1, -1))),
        "setuid": attempt(lambda: os.setuid(0)),
        "ptrace": attempt(lambda: refused(101, 16, 1, 0, 0)),
        "io_uring": attempt(lambda: refused(425, 1, 0)),
        "bpf": attempt(lambda: refused(321, 0, 0, 0)),
        "executable memory": attempt(lambda: refused(9, 0, 4096, 7, 34, -1, 0)),
        "library": attempt(lambda: ctypes.CDLL("libresolv.so.2")),
        "import": attempt(lambda: sys.modules["importlib"].import_module("sqlite3")),
    }}
"""
    found = await strict.first(text)
    assert {name: told for name, told in found.items() if told.startswith("it worked")} == {}


@pytest.mark.parametrize(
    "body",
    [
        "import builtins",
        "import json\njson.dumps = json.loads = json.JSONEncoder = None\nyield 'mine'",
        "import json\njson.encoder.JSONEncoder.encode = lambda *_: '}{'\nyield 'mine'",
        "len.__self__.__dict__.clear()\nyield 'mine'",
        "len.__self__.isinstance = lambda *_: True\nlen.__self__.str = None\nyield 'mine'",
        "import warnings\nwarnings.sys.modules.clear()\nyield 'mine'",
        "import warnings\nwarnings.sys.modules['os'].write = lambda *_: 1\nyield 'mine'",
        "import warnings\nwarnings.sys.modules['os'].read = lambda *_: b''\nyield 'mine'",
        "import gc_not_there",
        """
me = yield_frame()
yield 'mine'
""".replace("yield_frame()", "(lambda: 0).__globals__['__builtins__']; me.clear()"),
        """
import warnings
frame = warnings.sys._getframe()
while frame.f_back: frame = frame.f_back
frame.f_globals.clear()
yield 'mine'
""",
        """
for kind in object.__subclasses__():
    try: kind.__init__ = None
    except TypeError: pass
yield 'mine'
""",
        """
class T(dict):
    def items(self): return iter(lambda: ('a', 1), 0)
    def __iter__(self): raise SystemExit
yield T(a=1)
""",
        "class S(str):\n    def encode(self, *_): return b'}{'\nyield S('mine')",
        "class I(int):\n    def __repr__(self): return '}{'\nyield I(3)",
        "from callboard import ToolCall\nToolCall.as_yielded = lambda _: '}{'\nyield ToolCall('x')",
    ],
)
async def test_a_program_that_breaks_its_worker_breaks_itself_only(strict, neighbour, body):
    async with asyncio.timeout(60):
        found = await outcome(strict, step(body))
    assert found in ("error", "protocol", "time", "memory", "mine", {"a": 1}, 3, "}{")


async def test_the_generators_frames_lead_nowhere_but_to_the_worker(strict):
    found = await strict.first(
        """
def handle_steps(ctx):
    yield [name for name in seen(me.gi_frame)]

def seen(frame):
    while frame:
        yield from frame.f_locals
        frame = frame.f_back

me = handle_steps(None)
handle_steps = lambda ctx: me
"""
    )
    assert "ctx" in found
