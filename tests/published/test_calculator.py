"""The data of the calculator's page are what is stored, and its picture shows the page."""

import pytest

from bench import results
from bench.look import pages, picture
from bench.studies.row_shape import page as row_shape
from bench.studies.versions import page as versions
from tests.test_calculator import CHROMIUM, chromium, opened


def test_data_on_the_page_are_those_of_the_studies() -> None:
    own = row_shape.row_model(row_shape.figures(results.load("row_shape")))
    others = versions.blocks(versions.figures(results.load("versions")))["row-model-by-python"]
    text = picture.CALCULATOR.read_text(encoding="utf-8")
    assert own in text
    assert others in text
    stale = text.replace('"numeric": 104.0', '"numeric": 105.0', 1)
    assert stale != text
    differences = pages.differences({picture.CALCULATOR: stale})
    assert differences == ["docs/index.html differs from bench/results/ in row-model: run `make readme`"]


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt-get install chromium")
def test_picture_in_readme_shows_what_the_page_does() -> None:
    """Else run `python -m bench.look.picture`."""
    text = picture.SHOWN.read_text(encoding="utf-8")
    with chromium() as browser, opened(browser, {}) as page:
        assert picture.shown(page) == text
        page.get_by_label("Rows", exact=True).fill("7")
        assert picture.shown(page) != text
