"""Content inside a line: compressed and in base64, unpacked within bounds."""

import base64
import binascii
import zlib

from callboard.engine.proof.lines import LARGEST_CONTENT, Line

Packed = dict[str, object]


def packed(content: bytes) -> Packed:
    """Return the fields that hold content."""
    return {"size": len(content), "zlib": base64.b64encode(zlib.compress(content)).decode()}


def unpacked(line: Line) -> bytes:
    """Return the content in a line. Never unpacks more than the line says there is.

    Raises:
        WrongLine: it is not what it says, or too large.
    """
    size = line.number_of("size")
    if size > LARGEST_CONTENT:
        raise line.wrong(f"the content is larger than {LARGEST_CONTENT} bytes", in_field="size")
    try:
        raw = base64.b64decode(line.text("zlib"), validate=True)
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(raw, size + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise line.wrong(f"the content cannot be unpacked ({error})", in_field="zlib") from None
    if len(content) != size or not unpacking.eof or unpacking.unused_data:
        raise line.wrong("the content is not of the size that the line says", in_field="size")
    return content
