"""The picture of the calculator in README: `python -m bench.look.picture` takes it anew, with Chromium.

It carries a digest of the text that it shows, so that a test notices where the page says something else by now.
"""

import hashlib
import shutil
import struct
import zlib
from typing import TYPE_CHECKING

from bench.errors import UserError
from bench.scripts import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Page

CALCULATOR = PROJECT / "docs" / "index.html"
PICTURE = PROJECT / "docs" / "calculator.png"
WIDTH, MARGIN = 1200, 24
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# The keyword of the digest (https://www.w3.org/TR/png-3/#11tEXt), before the last chunk, which has no content.
KEYWORD, END = b"Shown\0", b"\0\0\0\0IEND"


def browser() -> str | None:
    """Return the path of the system's browser, if there is one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def shown(page: "Page") -> str:
    """Return a digest of the text that is in the picture."""
    return hashlib.sha256(page.locator(".first").inner_text().encode()).hexdigest()


def with_digest(png: bytes, digest: str) -> bytes:
    """Return a picture that carries a digest."""
    content = b"tEXt" + KEYWORD + digest.encode()
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return png.replace(END, chunk + END)


def digest_of(png: bytes) -> str:
    """Return the digest that a picture carries; an empty text where it has none."""
    return png.partition(KEYWORD)[2][: hashlib.sha256().digest_size * 2].decode(errors="replace")


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
        box = page.locator(".first").bounding_box()
        assert box
        height = box["y"] + box["height"] + MARGIN
        png = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
        PICTURE.write_bytes(with_digest(png, shown(page)))
        opened.close()


if __name__ == "__main__":
    take()
