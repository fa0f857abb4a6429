"""The data of the calculator's page are what is stored."""

from bench import results
from bench.look import pages, picture
from bench.studies.row_shape import page as row_shape
from bench.studies.versions import page as versions


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
