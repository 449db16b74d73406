"""Files of people, sent so that no browser runs or shows them."""

import base64
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from callboard.domain.org.attachment import Attachment

_INERT: Final = "default-src 'none'; sandbox"


def as_download(attachment: Attachment) -> Response:
    """Return an attachment as a file to be kept: its type is never one that a browser opens by itself."""
    name = quote(attachment.name, safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": _INERT,
    }
    content = base64.b64decode(attachment.data)
    return Response(content, 200, headers, "application/octet-stream")
