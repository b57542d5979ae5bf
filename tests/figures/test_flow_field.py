"""Fig. 3b."""

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from fa_repro.figures import flow_field
from fa_repro.plotting import style


def lines(ax: Axes, colour: str) -> list[Any]:
    return [line for line in ax.get_lines() if to_hex(line.get_color()) == colour.lower() and len(line.get_xdata()) > 1]


@pytest.mark.draws
@pytest.mark.parametrize(("T", "B"), [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -0.5)])
def test_shaded_cells_flow_to_the_bad_branch(flow: Any, T: float, B: float) -> None:
    result = flow({"theory.flow_field.T": T, "theory.flow_field.B": B})
    ax = result.figure.axes[0]
    (image,) = ax.get_images()
    shaded = ~np.isnan(np.ma.filled(image.get_array().astype(float), np.nan))
    left, right, bottom, top = image.get_extent()
    table = result.table[result.table["kind"] == "basin"].pivot(index="id", columns="step", values=["w0", "w"])
    assert image.origin == "lower"
    for cell in table.to_numpy():
        w0, _, w, end = cell
        row = int((w - bottom) / (top - bottom) * shaded.shape[0])
        column = int((w0 - left) / (right - left) * shaded.shape[1])
        assert shaded[row, column] == (B * end < 0)
    assert shaded.any()


@pytest.mark.draws
@pytest.mark.parametrize("B", [1.0, -1.0])
def test_solutions_have_their_colours_and_dashes(flow: Any, B: float) -> None:
    result = flow({"theory.flow_field.B": B})
    ax = result.figure.axes[0]
    good, bad = lines(ax, flow_field.GOOD), lines(ax, flow_field.BAD)
    assert all((B * line.get_ydata() > 0).all() for line in good)
    assert all((B * line.get_ydata() < 0).all() for line in bad)
    assert (len(good), len(bad)) == (1, 2)
    for line in (*good, *bad):
        w0, w = line.get_xdata(), line.get_ydata()
        stable = (B * w + w0**2 > 0)[1:-1]
        assert stable.all() or not stable.any()
        assert (line.get_linestyle() == "-") == stable.all()


@pytest.mark.draws
def test_arrows_point_where_the_flow_goes(flow: Any) -> None:
    result = flow()
    (quiver,) = (item for item in result.figure.axes[0].collections if type(item).__name__ == "Quiver")
    field = result.table[result.table["kind"] == "field"]
    np.testing.assert_array_equal(quiver.XY, field[["w0", "w"]])
    turn = field["dw0"] * quiver.V - field["dw"] * quiver.U
    assert np.abs(turn).max() < 1e-9
    assert (field["dw0"] * quiver.U + field["dw"] * quiver.V > 0).all()


@pytest.mark.draws
def test_paths_and_losses_share_their_colours(flow: Any) -> None:
    result = flow({"theory.flow_field.duration": 4.0, "theory.flow_field.T": 0.5})
    left, right = result.figure.axes
    table = result.table
    for kind, number, colour in (("origin", 0, flow_field.TRAJECTORY), ("path", 1, style.PATHS[1])):
        part = table[(table["kind"] == kind) & (table["id"] == number)]
        (path,) = (line for line in lines(left, colour) if len(line.get_xdata()) > 51)
        drawn, told = path.get_xydata(), part[["w0", "w"]].to_numpy()
        np.testing.assert_allclose(drawn[[0, -1]], told[[0, -1]], rtol=1e-9, atol=1e-9)
        conserved = told[0, 1] - told[0, 0] ** 2 / 2  # B = 1
        np.testing.assert_allclose(drawn[:, 1] - drawn[:, 0] ** 2 / 2, conserved, atol=1e-8)
        (loss,) = lines(right, colour)
        np.testing.assert_allclose(loss.get_xdata(), np.linspace(0, 4, 51))
        np.testing.assert_allclose(loss.get_ydata(), 0.5 * (0.5 - part["w"] * part["w0"]) ** 2, rtol=1e-12, atol=1e-30)


@pytest.mark.draws
def test_swept_flows_are_small_multiples(flow: Any) -> None:
    result = flow(sweep={"theory.flow_field.B": [2.0, -1.0, 1.0]})
    titles = [ax.get_title() for ax in result.figure.axes if ax.get_visible()]
    assert titles == ["B = -1", "B = 1", "B = 2"]
    for ax, B in zip(result.figure.axes, (-1.0, 1.0, 2.0), strict=False):
        assert all((B * line.get_ydata() > 0).all() for line in lines(ax, flow_field.GOOD))


@pytest.mark.draws
@pytest.mark.parametrize(
    "settings",
    [
        {"theory.flow_field.T": 9.0},  # no solution in the square
        {"theory.flow_field.starts": []},
        {"theory.flow_field.range": 0.1, "theory.flow_field.B": 0.01},
        {"theory.flow_field.grid": 2, "theory.flow_field.basin": 2, "theory.flow_field.steps": 1},
        {"theory.flow_field.starts": [[0.0, 0.0], [1.0, 1.0], [40.0, 0.0]]},
    ],
)
def test_unusual_flows_can_be_drawn(flow: Any, settings: dict[str, Any]) -> None:
    result = flow(settings)
    assert result._repr_png_().startswith(b"\x89PNG")
