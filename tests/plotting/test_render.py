"""Pictures as files."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure

from fa_repro.plotting import render, style

DrawnCase = Callable[[str], Figure]
pytestmark = pytest.mark.renders


@pytest.mark.parametrize(
    ("case", "format_"),
    [
        ("linear over two", "png"),
        ("flow-field", "png"),
        ("linear", "pdf"),
        ("linear", "svg"),
    ],
)
def test_equal_figures_give_equal_bytes(
    drawn_case: DrawnCase, case: str, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = render.save_figure(drawn_case(case), format_)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")  # what would otherwise be today
    assert render.save_figure(drawn_case(case), format_) == one
    assert not re.search(rb"<dc:date>|CreationDate|Matplotlib v", one)


@pytest.mark.parametrize("case", ["linear", "linear over two"])
def test_pdf_fonts_are_embedded_as_truetype(drawn_case: DrawnCase, case: str) -> None:
    data = render.save_figure(drawn_case(case), "pdf")
    fonts = re.findall(rb"/Type /Font\b(?!Descriptor)", data)
    assert fonts
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    assert data.count(b"/Type /FontDescriptor") == data.count(b"/FontFile2")
    width, _ = map(float, re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", data)[0])
    assert width == pytest.approx(72 * style.WIDE)


def test_svg_text_is_drawn_as_paths(drawn_case: DrawnCase) -> None:
    picture = ET.fromstring(render.save_figure(drawn_case("linear"), "svg"))
    tags = {element.tag.rpartition("}")[2] for element in picture.iter()}
    assert "path" in tags
    assert "text" not in tags
