"""What a provider reports when the endpoint misbehaves."""

import asyncio
import json

import pytest
from pydantic import SecretStr
from tests.unused import unused_port

from callboard.domain.errors import ModelError
from callboard.domain.message import TextPart
from callboard.ports.model import ModelProvider
from callboard.providers.endpoints import Endpoint, build_provider
from callboard.providers.wire.transport import HttpTransport, Timeouts
from callboard.testing.model import Turn
from callboard.testing.model.contract import Watcher, ask
from callboard.testing.model.loopback import VOICES, LoopbackEndpoint, Reply, Voice, reply_for

pytestmark = pytest.mark.anyio

KEY = "sk-very-secret-key"
NAMES: dict[Voice, str] = {"chat": "openrouter", "messages": "anthropic", "gemini": "gemini"}
EVERY_VOICE = pytest.mark.parametrize("voice", sorted(NAMES))
HELLO = Turn(text="Hello there")


def provider(voice: Voice, server: LoopbackEndpoint, transport: HttpTransport) -> ModelProvider:
    return build_provider(Endpoint(NAMES[voice], SecretStr(KEY), server.url), transport)


async def failing(asked: ModelProvider) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await asked.complete(ask(model="vendor/model"), Watcher())
    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value)
    return caught.value


def json_reply(status: int, body: object, **headers: str) -> Reply:
    return Reply((json.dumps(body).encode(),), status=status, headers=headers)


@pytest.mark.parametrize(
    ("status", "reason", "retryable"),
    [
        (400, "invalid_request", False),
        (401, "auth", False),
        (402, "auth", False),
        (403, "auth", False),
        (404, "not_found", False),
        (408, "timeout", True),
        (413, "context_too_long", False),
        (422, "invalid_request", False),
        (429, "rate_limited", True),
        (500, "server", True),
        (501, "server", False),
        (502, "server", True),
        (503, "overloaded", True),
        (504, "timeout", True),
        (529, "overloaded", True),
    ],
)
@EVERY_VOICE
async def test_a_status_says_what_went_wrong(  # noqa: PLR0917 -- parameters of the table
    voice, status, reason, retryable, server, transport
):
    server.will(json_reply(status, {"error": {"message": "because of this"}}))
    error = await failing(provider(voice, server, transport))
    assert (error.reason, error.retryable, error.status) == (reason, retryable, status)
    assert "because of this" in str(error)
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        (
            {
                "Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT",
                "Date": "Sat, 21 Nov 2026 10:00:00 GMT",
            },
            30,
        ),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
    ],
)
async def test_the_providers_wish_to_wait_is_read(headers, seconds, server, openrouter):
    server.will(Reply(status=429, headers=headers))
    assert (await failing(openrouter)).retry_after_s == seconds


async def test_googles_wish_to_wait_is_read_from_the_body(server, gemini):
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s"}
    body = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [detail]}}
    server.will(json_reply(429, body))
    assert (await failing(gemini)).retry_after_s == 17


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, {"error": {"message": "prompt is too long: 300000 tokens"}}, "context_too_long"),
        (400, {"error": {"code": "context_length_exceeded", "message": "x"}}, "context_too_long"),
        (400, {"error": {"message": "API key not valid. Please pass one."}}, "auth"),
        (403, {"error": {"message": "Your input was flagged"}}, "refused"),
        (429, {"error": {"code": "insufficient_quota", "message": "x"}}, "auth"),
        (404, {"error": "no such model"}, "not_found"),
        (400, {"detail": "bad field"}, "invalid_request"),
        (500, [], "server"),
    ],
)
async def test_the_body_may_say_more_than_the_status(status, body, reason, server, openrouter):
    server.will(json_reply(status, body))
    assert (await failing(openrouter)).reason == reason


@EVERY_VOICE
async def test_a_provider_that_repeats_the_key_does_not_spread_it(voice, server, transport):
    said = f"Incorrect API key provided: {KEY}"
    server.will(
        json_reply(401, {"error": {"message": said}}),
        json_reply(200, {"error": {"message": said, "code": 401}}),
        Reply((said.encode(),), status=500),
    )
    asked = provider(voice, server, transport)
    for _ in range(3):
        assert "[redacted]" in str(await failing(asked))


async def test_a_long_message_is_cut(server, openrouter):
    server.will(json_reply(400, {"error": {"message": "x" * 100_000}}))
    assert len(str(await failing(openrouter))) < 600


async def test_the_upstream_providers_words_are_passed_on(server, openrouter):
    inner = {"message": "Provider returned error", "metadata": {"raw": "image too large"}}
    server.will(json_reply(400, {"error": inner}))
    assert "image too large" in str(await failing(openrouter))


async def test_a_redirect_is_not_followed(server, openrouter):
    async with LoopbackEndpoint() as elsewhere:
        server.will(Reply(status=307, headers={"Location": elsewhere.url}))
        error = await failing(openrouter)
        assert elsewhere.received == []
    assert (error.reason, error.retryable) == ("invalid_request", False)
    assert "redirect" in str(error)


@EVERY_VOICE
async def test_a_200_with_an_error_in_it_is_an_error(voice, server, transport):
    server.will(json_reply(200, {"error": {"code": 429, "message": "slow down"}}))
    error = await failing(provider(voice, server, transport))
    assert (error.reason, error.retryable) == ("rate_limited", True)


@EVERY_VOICE
async def test_an_error_in_the_middle_of_a_stream_is_an_error(voice, server, transport):
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    trouble = b"event: error\ndata: " + json.dumps(overloaded).encode() + b"\n\n"
    server.will(Reply([*VOICES[voice](HELLO)[:1], trouble]))
    error = await failing(provider(voice, server, transport))
    assert (error.reason, error.retryable) == ("overloaded", True)


async def test_an_error_inside_a_choice_is_an_error(server, openrouter):
    choice = {"delta": {}, "finish_reason": "error", "error": {"code": 502, "message": "upstream"}}
    server.will(Reply((b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n",)))
    assert (await failing(openrouter)).reason == "server"


@pytest.mark.parametrize(
    "body", [b"", b"<html>gateway</html>", b"data: {oops\n\ndata: {}\n\n", b"[1]", b'"hi"', b"null"]
)
@EVERY_VOICE
async def test_a_body_that_is_no_answer_is_worth_another_try(voice, body, server, transport):
    server.will(Reply((body,)))
    error = await failing(provider(voice, server, transport))
    assert error.reason in {"malformed_answer", "connection"}
    assert error.retryable


@EVERY_VOICE
async def test_a_reset_in_the_middle_is_a_connection_failure(voice, server, transport):
    server.will(Reply(VOICES[voice](HELLO)[:1], then="reset"))
    error = await failing(provider(voice, server, transport))
    assert (error.reason, error.retryable) == ("connection", True)


@EVERY_VOICE
async def test_a_stream_cut_inside_an_event_is_a_connection_failure(voice, server, transport):
    events = VOICES[voice](Turn(text="Hello", truncate=True))
    server.will(Reply([*events, b'data: {"choi']))
    assert (await failing(provider(voice, server, transport))).reason == "connection"


@EVERY_VOICE
async def test_a_reset_after_the_end_does_not_cost_the_answer(voice, server, transport):
    server.will(Reply(VOICES[voice](HELLO), then="reset"))
    asked = provider(voice, server, transport)
    answer = await asked.complete(ask(model="vendor/model"), Watcher())
    assert answer.parts == (TextPart(text="Hello there"),)


async def test_nobody_listening_is_a_connection_failure(transport):
    url = f"http://127.0.0.1:{unused_port()}/v1"
    asked = build_provider(Endpoint("openrouter", SecretStr(KEY), url), transport)
    error = await failing(asked)
    assert (error.reason, error.retryable) == ("connection", True)


async def test_a_malformed_base_url_is_no_reason_to_try_again(transport):
    asked = build_provider(Endpoint("openrouter", SecretStr(KEY), "not a url"), transport)
    error = await failing(asked)
    assert (error.reason, error.retryable) == ("invalid_request", False)


async def test_a_key_with_a_line_break_is_refused_without_showing_it(server, transport):
    key = SecretStr("sk-secret\r\nX-Injected: 1")
    asked = build_provider(Endpoint("openrouter", key, server.url), transport)
    with pytest.raises(ModelError) as caught:
        await asked.complete(ask(model="vendor/model"), Watcher())
    assert "sk-secret" not in str(caught.value)
    assert server.received == []


async def test_waiting_for_the_first_byte_is_bounded(server, hasty):
    server.will(Reply(then="hang"))
    error = await failing(provider("chat", server, hasty))
    assert (error.reason, error.retryable) == ("timeout", True)


@EVERY_VOICE
async def test_waiting_for_the_next_piece_is_bounded(voice, server, hasty):
    server.will(Reply(VOICES[voice](HELLO)[:1], then="hang"))
    assert (await failing(provider(voice, server, hasty))).reason == "timeout"


async def test_a_call_is_bounded_as_a_whole(server):
    transport = HttpTransport(Timeouts(total_s=0.05))
    server.will(Reply((b": keep-alive\n\n",), then="hang"))
    assert (await failing(provider("chat", server, transport))).reason == "timeout"
    await transport.close()


async def test_a_server_that_does_not_hang_up_after_the_last_marker_is_no_obstacle(server, hasty):
    server.will(Reply(VOICES["chat"](HELLO), then="hang"))
    asked = provider("chat", server, hasty)
    answer = await asked.complete(ask(model="vendor/model"), Watcher())
    assert answer.finish == "stop"


async def test_cancelling_closes_the_connection(server, openrouter):
    server.will(Reply(VOICES["chat"](HELLO)[:2], then="hang"))
    call = asyncio.create_task(openrouter.complete(ask(model="vendor/model"), Watcher()))
    async with asyncio.timeout(60):
        await server.hanging.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await server.client_left.wait()


async def test_one_connection_serves_calls_in_a_row(server, openrouter):
    server.will(*(reply_for(HELLO, "chat") for _ in range(3)))
    for _ in range(3):
        await openrouter.complete(ask(model="vendor/model"), Watcher())
    assert len({request.headers["host"] for request in server.received}) == 1
    assert len(server.received) == 3


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("openrouter", "authorization", f"Bearer {KEY}"),
        ("openai", "authorization", f"Bearer {KEY}"),
        ("anthropic", "x-api-key", KEY),
        ("gemini", "x-goog-api-key", KEY),
    ],
)
async def test_the_key_travels_in_the_vendors_header_only(name, header, value, server, transport):
    asked = build_provider(Endpoint(name, SecretStr(KEY), server.url), transport)
    await failing(asked)
    (request,) = server.received
    assert request.headers[header] == value
    assert KEY not in request.path + request.query
    assert KEY.encode() not in request.body


def test_a_key_is_not_in_an_endpoints_repr():
    endpoint = Endpoint("openrouter", SecretStr(KEY), headers={"X-Token": "hidden-token"})
    assert KEY not in repr(endpoint)
    assert "hidden-token" not in repr(endpoint)
