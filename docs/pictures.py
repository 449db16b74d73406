"""Take the pictures of the screens anew, from the sample organisation: `python docs/pictures.py`."""
# ruff: noqa: INP001

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from callboard.web_access.on_demand import find_chromium

PLACE = Path(__file__).parent / "images"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-sync", "--disable-background-networking")
DESK, PHONE = (1280, 800), (390, 780)
PICTURES = (
    ("board-light", "/tasks?space=checkout", "light", DESK),
    ("thread-dark", "/tasks/SHOP-50", "dark", DESK),
    ("agent-light", "/agents/implementer", "light", DESK),
    ("workflow-light", "/workflows/checkout-line", "light", DESK),
    ("dashboards-dark", "/dashboards", "dark", DESK),
    ("phone-dark", "/tasks/SHOP-50", "dark", PHONE),
)


def main() -> int:
    """Serve the sample, and look at it."""
    command = [Path(sys.executable).with_name("callboard"), "serve", "--demo", "--port", "0"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    serving = subprocess.Popen(command, **quiet)  # noqa: S603 - our own command
    try:
        take(next(iter(serving.stdout or ())).strip())
    finally:
        serving.terminate()
        serving.wait()
    return 0


def take(base: str) -> None:
    """Take every picture."""
    chromium = find_chromium()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for name, path, scheme, (width, height) in PICTURES:
            page = browser.new_page(
                color_scheme="dark" if scheme == "dark" else "light",
                viewport={"width": width, "height": height},
            )
            page.goto(base + path)
            page.wait_for_timeout(800)
            page.screenshot(path=PLACE / f"{name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
