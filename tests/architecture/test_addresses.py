"""Addresses of pages: whatever somebody calls a thing, its page is its own."""

from fastapi.routing import APIRoute

from callboard.web.routes import ROUTERS


def hides(plain, general):
    """Return whether an address is one that another one's blanks could be filled in to."""
    if plain == general or plain.count("/") != general.count("/"):
        return False
    parts = zip(plain.split("/"), general.split("/"), strict=True)
    return all(one == other or other.startswith("{") for one, other in parts)


def test_no_page_has_an_address_that_something_with_a_name_could_have():
    routes = [route for router in ROUTERS for route in router.routes]
    served = {
        (method, route.path)
        for route in routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    hidden = {
        (method, plain, general)
        for method, plain in served
        for other, general in served
        if method == other and hides(plain, general)
    }
    assert ("GET", "/agents/{agent_id}") in served
    assert hidden == set()
