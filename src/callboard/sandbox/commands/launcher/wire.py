"""Frames between the caller, the server and its lanes: a length of four bytes, little endian, and that many bytes."""

import os
import socket

LENGTH = 4
LARGEST = 64 << 20
PIECE = 1 << 16
CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def framed(content: bytes) -> bytes:
    """Return content as a frame."""
    return len(content).to_bytes(LENGTH, "little") + content


def receive(channel: socket.socket, most_descriptors: int = 2) -> "tuple[bytes, list[int]] | None":
    """Wait for a frame; return it with the descriptors that came along, or None where the caller is gone."""
    header, descriptors = _first(channel, most_descriptors)
    if header is None:
        return None
    size = int.from_bytes(header, "little")
    content = _exactly(channel, size) if size <= LARGEST else None
    if content is None:
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    return content, descriptors


def _first(channel: socket.socket, most: int) -> "tuple[bytes | None, list[int]]":
    header, descriptors, _, _ = socket.recv_fds(channel, LENGTH, most, CLOSE_ON_EXEC)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - its only parameter
    if not header:
        return None, descriptors
    rest = _exactly(channel, LENGTH - len(header))
    return (None if rest is None else header + rest), descriptors


def _exactly(channel: socket.socket, size: int) -> "bytes | None":
    content = bytearray()
    while len(content) < size:
        piece = channel.recv(min(size - len(content), PIECE))
        if not piece:
            return None
        content += piece
    return bytes(content)
