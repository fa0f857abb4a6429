"""The picture of the calculator in README: `python -m bench.look.picture` takes it anew, with Chromium.

The text that it shows lies beside it, so that a test notices where the page says something else by now.
"""

import shutil
from typing import TYPE_CHECKING

from bench.errors import UserError
from bench.scripts import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Page

CALCULATOR = PROJECT / "docs" / "index.html"
PICTURE = PROJECT / "docs" / "calculator.png"
SHOWN = PICTURE.with_suffix(".txt")
WIDTH, MARGIN = 1200, 24
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def shown(page: "Page") -> str:
    return f"{page.locator('#of-row .first').inner_text()}\n"


def take() -> None:
    """Take the picture of the page as it is. Raises UserError."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise UserError("playwright is not installed for this Python: `make venv groups=test` installs it") from None
    if not (path := browser()):
        raise UserError(f"there is no browser to take the picture with: install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": WIDTH, "height": WIDTH})
        page.goto(CALCULATOR.as_uri())
        box = page.locator("#figures").bounding_box()
        assert box
        height = box["y"] + box["height"] + MARGIN
        png = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
        PICTURE.write_bytes(png)
        SHOWN.write_text(shown(page), encoding="utf-8")
        opened.close()


if __name__ == "__main__":
    take()
