"""Servers on this machine that keep the bytes they were sent, with and without TLS."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Upstream:
    """Answers every connection once: with `reply`, or with what it was sent where `echo` is set."""

    def __init__(self, reply=OK, *, echo=False, body=0):
        self.reply = reply
        self.echo = echo
        self.body = body
        self.received = []
        self.port = 0

    async def serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.received.append(head + await reader.readexactly(self.body))
            writer.write(OK[:-2] + head if self.echo else self.reply)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            self.received.append(b"broken off")
        finally:
            writer.close()


@asynccontextmanager
async def serving(upstream, tls=None):
    """Serve while the block runs; gives the upstream, which knows its port."""
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, ssl=tls)
    upstream.port = server.sockets[0].getsockname()[1]
    async with server:
        yield upstream


def certified(place, name):
    """Return what a server of this name speaks TLS with, and what a client trusts it with."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (place / "server.pem").write_bytes(secret + pem)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(place / "server.pem")
    return theirs, ssl.create_default_context(cadata=pem.decode())
