"""What axe finds on a page. Its script is told once to each document, and only what is wrong comes back."""

from axe_playwright_python.base import AXE_SCRIPT  # pyright: ignore[reportMissingTypeStubs]

OF_COLOURS = ("color-contrast", "link-in-text-block")


def violations(page, *rules):
    """Return each rule that a page breaks, of all rules or of some, with the first places where it does."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    options = {"resultTypes": ["violations"], **only}
    found = page.evaluate("options => axe.run(options)", options)
    return {
        one["id"]: [node["html"][:300] for node in one["nodes"][:5]] for one in found["violations"]
    }


def violations_in_light_and_dark(page):
    """Return them for both schemes; what is not about colours is the same in the dark."""
    found = {}
    for scheme, rules in (("light", ()), ("dark", OF_COLOURS)):
        page.emulate_media(color_scheme=scheme)
        for rule, places in violations(page, *rules).items():
            found[f"{scheme} {rule}"] = places
    return found
