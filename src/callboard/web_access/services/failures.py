"""What went wrong with a connection, in words for a model."""

import aiohttp


def connection_problem(error: Exception) -> str:
    """Return the rest of a sentence that begins with the name of a host or a service."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "its certificate is not trusted"
        case aiohttp.ClientConnectorDNSError():
            return "its name does not resolve"
        case aiohttp.ClientConnectorError():
            return "it refuses the connection"
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return "the connection broke off"
        case aiohttp.ClientResponseError():
            return "its answer is not HTTP"
        case _:
            return f"the connection failed ({type(error).__name__})"
