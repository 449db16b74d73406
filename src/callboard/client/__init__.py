"""A client of a Callboard that is served elsewhere: `Client`, and `AsyncClient` for asyncio.

Both take the address and a token. What a Callboard refuses is a `Refused` with its stable `code`.
"""

from callboard.client.asynchronous import AsyncClient
from callboard.client.refusals import Refused, Unreachable
from callboard.client.shapes import Event, Gate, Me, Run
from callboard.client.synchronous import Client

__all__ = ["AsyncClient", "Client", "Event", "Gate", "Me", "Refused", "Run", "Unreachable"]
