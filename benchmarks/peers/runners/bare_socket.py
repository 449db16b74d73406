"""The lowest bound: HTTP by hand over a socket, JSON by the standard library."""

import asyncio
import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from common import Runner, look, serve

TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "look a file",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    },
}


class Socket(Runner):
    """One connection per run."""

    async def run(self, key: str, model: str, *, stream: bool) -> None:
        """See `Runner`."""
        del key
        where = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        messages: list[dict] = [{"role": "user", "content": "go"}]
        try:
            while True:
                body = {"model": model, "messages": messages, "tools": [TOOL], "stream": stream}
                message = await _asked(reader, writer, where.path, json.dumps(body).encode())
                messages.append(message)
                if not message.get("tool_calls"):
                    return
                for call in message["tool_calls"]:
                    result = look(json.loads(call["function"]["arguments"])["path"])
                    answer = {"role": "tool", "tool_call_id": call["id"], "content": result}
                    messages.append(answer)
        finally:
            writer.close()


async def _asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: bytes
) -> dict:
    head = f"POST {path}/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answered = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in answered.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    content = await reader.readexactly(length)
    if content.startswith(b"{"):
        return json.loads(content)["choices"][0]["message"]
    return folded(
        json.loads(line[6:]) for line in content.split(b"\n") if line.startswith(b"data: {")
    )


def folded(chunks: Iterable[dict]) -> dict:
    """Return the message that the chunks of a stream add up to."""
    text, calls = [], {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            delta = choice["delta"]
            if delta.get("content"):
                text.append(delta["content"])
            for piece in delta.get("tool_calls") or ():
                known = calls.setdefault(piece["index"], piece)
                if known is not piece:
                    known["function"]["arguments"] += piece["function"]["arguments"]
    message = {"role": "assistant", "content": "".join(text) or None}
    return message | ({"tool_calls": list(calls.values())} if calls else {})


if __name__ == "__main__":
    serve(Socket)
