"""Draw saved results again, without training."""

import logging
from collections.abc import Sequence
from pathlib import Path

from fa_repro import registry
from fa_repro.config import locate
from fa_repro.errors import ConfigError, StorageError
from fa_repro.experiment.saved import load_results
from fa_repro.io import atomic
from fa_repro.plotting.render import draw_formats
from fa_repro.results import directory
from fa_repro.results.paths import figure_folder
from fa_repro.results.picture_formats import FORMATS, parse_formats

log = logging.getLogger(__name__)


def redraw(
    name: str, results: Path, formats: Sequence[str] | None = None, output: Path | None = None
) -> tuple[Path, ...]:
    """Redraw saved results; return the paths of the pictures.

    Parameters
    ----------
    name : str
        Name of a config.
    results : Path
        The results folder.
    formats : sequence of str, optional
        Picture formats besides PNG; None for the existing ones.
    output : Path, optional
        File, or folder, for the pictures; the saved results are then only read. None to replace their pictures.

    Raises
    ------
    ConfigError
        If there is neither a config nor a results folder of this name, or a format is unknown.
    StorageError
        If there are no results, they are damaged, other commands keep replacing them, or a picture cannot be written.
    """
    folder = figure_folder(results, name)
    if not (locate.is_config_name(name) and folder.is_dir()):
        locate.find_config(name)
    for _ in range(directory.ATTEMPTS):
        saved = load_results(folder, name)
        figure = registry.module("figures", str(saved.config["figure"])).FIGURE
        chosen = directory.saved_formats(folder, saved.manifest) if formats is None else parse_formats(formats)
        paths = {} if output is None else _paths(output, folder.name, chosen, given=formats is not None)
        pictures = draw_formats(figure.draw, figure.size, saved, parse_formats(paths.values() or chosen))[1]
        if output is not None:
            for path, format_ in paths.items():
                atomic.write_file(path, pictures[format_])
            return tuple(paths)
        try:
            directory.save_pictures(folder, saved.manifest, pictures)
        except directory.ChangedError as error:
            log.info("%s; drawing again", error)
            continue
        except StorageError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            raise StorageError(f"{error}. To draw it elsewhere, use --output FILE or FOLDER") from error
        return directory.picture_paths(folder, chosen)
    raise StorageError(f"{folder}: other commands keep replacing these results. Redraw them when these have finished")


def _paths(output: Path, name: str, formats: Sequence[str], given: bool) -> dict[Path, str]:
    """The pictures to write to a file or folder, with their formats; `given` says whether these were asked for."""
    ending = output.suffix.removeprefix(".").lower()
    if output.is_dir() or not ending:
        return {output / f"{name}.{format_}": format_ for format_ in formats}
    if ending not in FORMATS:
        known = ", ".join(f".{format_}" for format_ in FORMATS)
        raise ConfigError([f"--output {output}: expected a folder, or a file that ends in one of {known}"])
    if given:
        raise ConfigError([f"--output {output}: its ending is the format. Leave out --format, or name a folder"])
    return {output: ending}
