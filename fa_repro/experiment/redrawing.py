"""Draw saved results again, without training."""

from collections.abc import Sequence
from pathlib import Path

from fa_repro import registry
from fa_repro.config import locate
from fa_repro.plotting.render import draw_formats
from fa_repro.results import directory
from fa_repro.results.paths import figure_folder
from fa_repro.results.picture_formats import parse_formats


def redraw(name: str, results: Path, formats: Sequence[str] | None = None) -> tuple[Path, ...]:
    """Redraw saved results, by default in their existing formats; return the paths of the pictures, the PNG first.

    Raises
    ------
    ConfigError
        If there is neither a config nor a results folder of this name, or a format is unknown.
    StorageError
        If there are no results, or they do not match their manifest.
    """
    folder = figure_folder(results, name)
    if not (locate.is_config_name(name) and folder.is_dir()):
        locate.find_config(name)
    saved = directory.load(folder, name)
    figure = registry.module("figures", str(saved.config["figure"])).FIGURE
    chosen = directory.saved_formats(folder) if formats is None else parse_formats(formats)
    directory.save_pictures(folder, draw_formats(figure.draw, figure.size, saved, chosen)[1])
    return directory.picture_paths(folder, chosen)
