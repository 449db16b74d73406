"""The lower bound: a loop that calls the model and the tool and records nothing."""

import asyncio

import aiohttp
import orjson

TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "look a file",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string"}, "text": {"type": "string"}},
            "required": ["path"],
        },
    },
}


async def bare_run(session: aiohttp.ClientSession, url: str) -> int:
    """Run one agent to its end and return the number of turns."""
    messages: list[dict[str, object]] = [{"role": "user", "content": "go"}]
    turns = 0
    while True:
        turns += 1
        answer, calls = await _complete(session, url, messages)
        if not calls:
            return turns
        messages.append({"role": "assistant", "content": answer or None, "tool_calls": calls})
        for call in calls:
            arguments = orjson.loads(call["function"]["arguments"])
            result = orjson.dumps({arguments["path"]: None}).decode()
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})


async def _complete(
    session: aiohttp.ClientSession, url: str, messages: list[dict[str, object]]
) -> tuple[str, list[dict[str, dict[str, str]]]]:
    body = {"model": "bench", "messages": messages, "tools": [TOOL], "stream": True}
    text = ""
    calls: dict[int, dict[str, dict[str, str]]] = {}
    headers = {"content-type": "application/json"}
    async with session.post(
        f"{url}/chat/completions", data=orjson.dumps(body), headers=headers
    ) as response:
        async for line in response.content:
            if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
                continue
            for choice in orjson.loads(line[6:])["choices"]:
                delta = choice["delta"]
                text += delta.get("content") or ""
                for piece in delta.get("tool_calls", ()):
                    if piece["index"] not in calls:
                        calls[piece["index"]] = piece
                    else:
                        arguments = piece["function"]["arguments"]
                        calls[piece["index"]]["function"]["arguments"] += arguments
    return text, list(calls.values())


async def bare_runs(url: str, runs: int) -> None:
    """Run agents side by side."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(bare_run(session, url) for _ in range(runs)))
