"""The command line with training that is disturbed."""

from pathlib import Path

_DRIVER = """\
import os, signal, sys
from pathlib import Path
from fa_repro.training import trainer

train = trainer.train

def disturbed(runs, on_progress, *rest, **more):
    algorithm = runs[0].condition.algorithm
    with Path("trainings").open("a") as file:
        file.write(algorithm + "\\n")
{disturbance}
    return train(runs, on_progress, *rest, **more)

trainer.train = disturbed
if __name__ == "__main__":
    from fa_repro.cli.main import command_line
    from fa_repro.plotting import render
    from tests.support import pictures

    render.draw_figure, render.save_figure = pictures.draw_figure, pictures.save_figure
    command_line(prog_name="fa-repro")
"""


HALTS_ONCE = """\
    def halting(work, on_progress=on_progress):
        on_progress(work)
        if algorithm == "backprop" and not Path("halted").exists():
            Path("halting").write_text(str(os.getpid()))
            Path("halting").rename("halted")
            signal.pause()

    return train(runs, halting, *rest, **more)
"""
"""The first training of backprop halts in its midst, and names its process in the file `halted`."""


DIES = """\
    if algorithm == "backprop":
        from fa_repro.execution import worker
        with worker._done.get_lock():  # its parent must not wait for it
            os.kill(os.getpid(), signal.SIGKILL)
"""
"""Every training of backprop kills its process."""


DISGUISES = """\
    if algorithm == "backprop":
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError("the archive is still open") from None
"""
"""In trainings of backprop an interrupt comes as another error, as it does while an archive is written."""


def driver(folder: Path, disturbance: str) -> str:
    """A script that is the command line, but for a disturbance of training there and in the workers it starts.

    A line of the file `trainings` names the algorithm of each training that began.
    """
    path = folder / "driver.py"
    path.write_text(_DRIVER.format(disturbance=disturbance))
    return str(path)
