"""Tables as pages."""

from html.parser import HTMLParser
from pathlib import Path

from selavi.reporting.tables import make_tables
from selavi.reporting.tables.html import Part, html_page
from tests.reporting.tables.folders import results


class Cells(HTMLParser):
    """What a browser shows of a page: tags, and the text of the cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("td", "th", "caption"):
            self.inside = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th", "caption")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.cells[-1] += data


def test_names_are_text_whatever_they_hold() -> None:
    hostile = "<script>alert(1)</script> & \"'"
    part = Part(hostile, [[hostile, "0.5"]], [True])
    seen = Cells(html_page(hostile, hostile, [hostile, "NMI"], [False, True], [part]))
    assert "script" not in seen.tags
    assert seen.cells == [hostile, hostile, "NMI", hostile, "0.5"]


def test_a_page_for_each_table(tmp_path: Path) -> None:
    make_tables(results(tmp_path, one="demo", two="demo"), None, tmp_path / "tables")
    page = (tmp_path / "tables/clustering.html").read_text()
    cells = Cells(page).cells
    assert "0.500 [0.400, 0.600]" in cells and "NMI" in cells
    assert page.count('class="oracle"') == cells.count("oracle: best head")
    assert any(cell.startswith("not run: no ") for cell in cells)  # of the second run
    empty = (tmp_path / "tables/retrieval.html").read_text()
    assert "No results: the configuration asks for none." in empty and "<table" not in empty
