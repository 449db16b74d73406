"""`ports.web.DocsSource`: what is here first, because it is of the version in use; then a service."""

import asyncio

from callboard.ports.web import WebFailed
from callboard.ports.workspace import Workspace
from callboard.web_access.docs.context7 import Context7
from callboard.web_access.docs.local import LocalFinds, find_locally

_CHARACTERS_PER_TOKEN = 4


class LocalThenService:
    """See `ports.web.DocsSource`. Without a service there is only what is here."""

    def __init__(self, service: Context7 | None = None) -> None:
        self._service = service

    async def find(
        self, library: str, topic: str | None, *, max_tokens: int, workspace: Workspace
    ) -> str | None:
        """See `ports.web.DocsSource`."""
        local = await asyncio.to_thread(find_locally, workspace, library, topic, max_tokens)
        if self._service is None or (local is not None and local.on_topic):
            text = local.text if local is not None else None
        else:
            text = await self._asked(self._service, library, topic, local)
        return text[: max_tokens * _CHARACTERS_PER_TOKEN] if text else None

    async def _asked(
        self, service: Context7, library: str, topic: str | None, local: LocalFinds | None
    ) -> str | None:
        try:
            found = await service.find(library, topic)
        except WebFailed:
            if local is None:
                raise
            found = None
        return found or (local.text if local is not None else None)
