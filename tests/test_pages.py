"""The pages for people: their blocks have one place each, their links lead somewhere, and none is too long to read."""

import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import UserError
from report import pages
from tests.support import PROJECT

README = PROJECT / "README.md"
METHOD = PROJECT / "docs" / "method.md"
PAGES = pages.pages()
TEXTS = PAGES | {PROJECT / "CONTRIBUTING.md": (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")}
# README is one page; what is longer than the others is for looking up, and folded.
LENGTH = {README: 250, PROJECT / "docs" / "consoles.md": 400}
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def links(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the file and the anchor of each of a page's links within the project."""
    for link in LINK.findall(FENCE.sub("", TEXTS[path])):
        if not re.match(r"[a-z]+:", link):
            file, _, anchor = link.partition("#")
            yield ((path.parent / file).resolve() if file else path), anchor


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_links_lead_to_what_exists(path: Path) -> None:
    for file, anchor in links(path):
        assert file.exists(), file
        if anchor and file.suffix == ".md":
            assert anchor in anchors(TEXTS[file]), (file, anchor)


def test_readme_links_to_every_page() -> None:
    assert {file for file, _ in links(README)} >= set(PAGES) - {README}


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_page_is_too_long(path: Path) -> None:
    assert PAGES[path].count("\n") <= LENGTH.get(path, 300)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<!-- report:costs -->", "", "block `report:costs` is on no page, not on one"),
        (
            "<!-- report:costs -->",
            "<!-- report:costs -->\n<!-- /report -->\n<!-- report:costs -->",
            "block `report:costs` is on docs/method.md and docs/method.md, not on one",
        ),
        (
            "<!-- report:costs -->",
            "<!-- report:overview -->\n<!-- /report -->\n<!-- report:costs -->",
            "block `report:overview` is on README.md and docs/method.md, not on one",
        ),
        (
            "<!-- report:costs -->",
            "<!-- report:unknown -->\n<!-- /report -->\n<!-- report:costs -->",
            "docs/method.md has markers that belong to no block",
        ),
        ("# How", "# <!-- /report --> How", "docs/method.md has markers that belong to no block"),
    ],
)
def test_broken_markers_are_named(old: str, new: str, message: str) -> None:
    blocks = {match[1]: "" for text in PAGES.values() for match in pages.BLOCK.finditer(text)}
    assert {"costs", "overview"} <= blocks.keys()
    assert old in PAGES[METHOD]
    with pytest.raises(UserError, match=f"^{message}"):
        pages.rewritten(PAGES | {METHOD: PAGES[METHOD].replace(old, new, 1)}, blocks)


def test_block_links_to_files_as_its_page_sees_them() -> None:
    marker = "<!-- report:one -->\n<!-- /report -->"
    found = pages.rewritten(
        {README: marker, METHOD: marker.replace("one", "two")}, dict.fromkeys(("one", "two"), BLOCK)
    )
    assert BLOCK in found[README]
    assert BLOCK.replace("common.py", "../common.py") in found[METHOD]


BLOCK = "[file](common.py), [web](https://peps.python.org/), [anchor](#here), `rows[0](no_file)`"


def test_no_space_changes_nothing(tmp_path: Path) -> None:
    small, large = tmp_path / "README.md", tmp_path / "large.md"
    small.write_text("before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as on a full disk, a write ends in the middle
    try:
        with pytest.raises(UserError, match=r"large\.md cannot be written: .+: nothing was changed"):
            pages.write({small: "short", large: "x" * 2000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {"README.md": "before"}


def test_missing_readme_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"README\.md cannot be read: No such file"):
        pages.pages(tmp_path)
