"""Fault 25: `MPLBACKEND` and a notebook's backend.

Promised: as the caller set it, and plots of the caller still show.
"""

from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from fa_repro.experiment.result import Result
from fa_repro.plotting import render
from tests.support.environment import environment
from tests.support.processes import begin, finish

BACKEND = """\
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas, new_figure_manager

def show(*args, **keys):
    print("shown")
"""
DRIVER = """\
import json, os, sys
from fa_repro.plotting import render

before = dict(os.environ)
picture = render.save_figure(render.draw_figure(lambda fig, _: fig.subplots().plot([1, 2]), (2, 2), None))
assert picture.startswith(b"\\x89PNG")
assert os.environ == before
assert "matplotlib.pyplot" not in sys.modules
import matplotlib as mpl
settings = {name: repr(mpl.rcParams._get(name)) for name in mpl.rcParams}
from matplotlib import pyplot as plt
plt.plot([1, 2])
plt.show()
print(json.dumps([plt.get_backend(), settings]))
"""


def plain(name: str | None, folder: Path, code: str = DRIVER) -> str:
    """What a script prints in a process of its own, with `MPLBACKEND` set to `name`."""
    (folder / "driver.py").write_text(code)
    (folder / "notebook.py").write_text(BACKEND)
    variables = environment() | ({} if name is None else {"MPLBACKEND": name})
    variables["PYTHONPATH"] += f":{folder}"
    done = finish(begin(script=str(folder / "driver.py"), cwd=folder, env=variables))
    assert done.code == 0, done
    return done.out


@pytest.mark.parametrize("name", ["svg", "module://notebook"])
def test_mplbackend_is_the_callers(tmp_path: Path, name: str) -> None:
    said = plain(name, tmp_path)
    assert f'["{name}", ' in said
    assert ("shown\n" in said) == (name == "module://notebook")
    own = "".join(line for line in DRIVER.splitlines(True) if "render" not in line and "picture" not in line)
    assert plain(name, tmp_path, own) == said  # as if nothing had been drawn


@pytest.mark.renders
def test_open_plots_and_settings_are_left_alone() -> None:
    usual = render.save_figure(small_figure())
    backend = plt.get_backend()
    with mpl.rc_context({"lines.linewidth": 9.0, "font.size": 30.0, "axes.prop_cycle": mpl.cycler(color="rgb")}):
        settings = {name: mpl.rcParams[name] for name in mpl.rcParams}
        mine, ax = plt.subplots()
        (line,) = ax.plot([1, 2])
        numbers = plt.get_fignums()
        fig = small_figure()
        assert render.save_figure(fig) == usual
        assert Result._repr_png_(type("Shown", (), {"figure": fig})()) == render.save_figure(fig)  # type: ignore[arg-type]
        assert {name: mpl.rcParams[name] for name in mpl.rcParams} == settings
        assert (plt.get_backend(), plt.get_fignums(), plt.gcf(), plt.gca()) == (backend, numbers, mine, ax)
        assert line.get_linewidth() == ax.plot([2, 1])[0].get_linewidth() == 9.0
        plt.close(mine)


def small_figure() -> mpl.figure.Figure:
    return render.draw_figure(lambda fig, _: fig.subplots().plot([1, 2], label="a"), (2.0, 2.0), None)  # type: ignore[arg-type, return-value, func-returns-value]
