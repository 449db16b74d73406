"""Many calls at once, and calls in one event loop after another."""

import asyncio
import subprocess
import sys

import pytest
from pydantic import SecretStr

from callboard.domain.message import TextPart, user_message
from callboard.providers.endpoints import Endpoint, build_provider
from callboard.providers.wire.transport import HttpTransport
from callboard.testing.model import Turn
from callboard.testing.model.contract import Watcher, ask
from callboard.testing.model.loopback import LoopbackEndpoint, reply_for


@pytest.mark.anyio
async def test_answers_of_calls_at_once_are_not_mixed(server, openrouter):
    texts = [f"answer number {number}" for number in range(20)]
    server.will(*(reply_for(Turn(text=text), "chat") for text in texts))

    async def call(number: int) -> tuple[str, str]:
        watcher = Watcher()
        request = ask(user_message("Hi"), model="vendor/model", conversation=str(number))
        (part,) = (await openrouter.complete(request, watcher)).parts
        assert isinstance(part, TextPart)
        return part.text, watcher.text

    answers = await asyncio.gather(*(call(number) for number in range(20)))
    assert all(whole == streamed for whole, streamed in answers)
    assert sorted(whole for whole, _ in answers) == sorted(texts)


def test_a_transport_serves_one_event_loop_after_another():
    transport = HttpTransport()

    async def once() -> None:
        async with LoopbackEndpoint(reply_for(Turn(text="Hi"), "chat")) as server:
            endpoint = Endpoint("openrouter", SecretStr("sk-secret"), server.url)
            await build_provider(endpoint, transport).complete(ask(model="v/m"), Watcher())
            await transport.close()

    asyncio.run(once())
    asyncio.run(once())


@pytest.mark.anyio
async def test_a_request_of_several_megabytes_arrives_whole(server, openrouter):
    server.will(reply_for(Turn(text="Long"), "chat"))
    text = "x" * 3_000_000
    await openrouter.complete(ask(user_message(text), model="vendor/model"), Watcher())
    assert server.received[0].json["messages"][-1]["content"] == text


def test_importing_the_providers_loads_nothing_heavy():
    code = (
        "import sys, callboard.providers.directory as _;"
        "print(sorted({'genai_prices', 'pydantic_ai', 'openai', 'anthropic', 'google'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "[]"
