"""The one page of the API: where the first owner says who they are. It needs no script."""

from html import escape
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from callboard.api.asking import From, TheApp, TheSite
from callboard.api.routes.access import let_in
from callboard.domain.errors import CallboardError
from callboard.usecases.first_owner import FirstOwner, check_setup_link, set_up

router = APIRouter()
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Callboard: the first owner</title>
<style>body{{font:1rem/1.5 system-ui;max-width:26rem;margin:4rem auto;padding:0 1rem}}
label,input,button{{display:block;width:100%;box-sizing:border-box;font:inherit}}
input{{margin:.2rem 0 1rem;padding:.4rem}}button{{padding:.5rem}}</style></head>
<body><main>{content}</main></body></html>"""
_FORM: Final = """<h1>The first owner</h1>
<p>Nobody is here yet. Whoever fills this in owns this Callboard, and can let others in.</p>{wrong}
<form method="post" action="/setup"><input type="hidden" name="link" value="{link}">
<label for="id">Short name, to sign in with</label>
<input id="id" name="id" value="{id}" required maxlength="64" autocomplete="username" autocapitalize="none">
<label for="name">Your name</label>
<input id="name" name="name" value="{name}" required maxlength="200" autocomplete="name">
<label for="password">Password, 10 characters or more</label>
<input id="password" name="password" type="password" required minlength="10" autocomplete="new-password">
<button>Begin</button></form>"""


@router.get("/setup")
async def form(app: TheApp, link: str = "") -> Response:
    """Show the form, to whoever has the link."""
    try:
        await check_setup_link(app, link)
    except CallboardError as error:
        return _message(error, 404)
    return _form(link, {})


@router.post("/setup")
async def submit(app: TheApp, site: TheSite, origin: From, request: Request) -> Response:
    """Take the form."""
    given = parse_qs((await request.body()).decode(errors="replace"), max_num_fields=10)
    fields = {name: values[0] for name, values in given.items()}
    owner = FirstOwner(
        fields.get("id", "").strip(), fields.get("name", "").strip(), fields.get("password", "")
    )
    try:
        issued = await set_up(app, fields.get("link", ""), owner, origin)
    except CallboardError as error:
        try:
            await check_setup_link(app, fields.get("link", ""))
        except CallboardError:
            return _message(error, 404)
        return _form(fields.get("link", ""), fields, str(error))
    response = RedirectResponse("/setup/done", 303)
    let_in(response, site, issued)
    return response


@router.get("/setup/done")
async def done() -> Response:
    """Say that it is done."""
    return _page(
        "<h1>Welcome</h1><p>You are the first owner, and signed in. Add others with <code>callboard people"
        " add</code>, or over the API.</p>"
    )


def _form(link: str, fields: dict[str, str], wrong: str = "") -> Response:
    told = f'<p role="alert"><strong>{escape(wrong)}</strong></p>' if wrong else ""
    content = _FORM.format(
        link=escape(link),
        wrong=told,
        id=escape(fields.get("id", "")),
        name=escape(fields.get("name", "")),
    )
    return _page(content, 422 if wrong else 200)


def _message(error: CallboardError, status: int) -> Response:
    return _page(f"<h1>Callboard</h1><p>{escape(str(error))}</p>", status)


def _page(content: str, status: int = 200) -> Response:
    headers = {"Content-Security-Policy": _POLICY}
    return HTMLResponse(_PAGE.format(content=content), status, headers)
