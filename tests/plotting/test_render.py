"""Pictures as files."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure as Canvas

from fa_repro.plotting import render, style
from fa_repro.results.formats import FORMATS
from tests.support.formats import CASES


@pytest.mark.parametrize("case", ["linear", "linear over two", "flow-field", "theorems"])
@pytest.mark.parametrize("format_", FORMATS)
def test_equal_figures_give_equal_bytes(
    drawings: dict[str, Callable[[], Canvas]], case: str, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = render.save_figure(drawings[case](), format_)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")  # what would otherwise be today
    assert render.save_figure(drawings[case](), format_) == one
    assert not re.search(rb"<dc:date>|CreationDate|Matplotlib v", one)


@pytest.mark.parametrize("case", CASES)
def test_fonts_are_embedded_in_pdf_as_outlines_that_can_be_edited(
    drawings: dict[str, Callable[[], Canvas]], case: str
) -> None:
    data = render.save_figure(drawings[case](), "pdf")
    fonts = re.findall(rb"/Type /Font\b(?!Descriptor)", data)
    assert fonts
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    assert data.count(b"/Type /FontDescriptor") == data.count(b"/FontFile2")
    width, height = map(float, re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", data)[0])
    assert width == pytest.approx(72 * style.WIDE)
    assert height <= 72 * 9.5, "a page"


def test_svg_has_no_text_that_a_reader_may_lack_the_font_of(drawings: dict[str, Callable[[], Canvas]]) -> None:
    tags = {
        element.tag.rpartition("}")[2]
        for element in ET.fromstring(render.save_figure(drawings["linear"](), "svg")).iter()
    }
    assert "path" in tags
    assert "text" not in tags
