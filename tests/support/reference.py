"""The reference of the shipped configs. Remake its file with `python -m tests.support.reference`."""

import json
from typing import Any

from fa_repro.config.locate import config_names, read_config, shipped_folder
from fa_repro.config.resolve import resolve_config
from fa_repro.experiment.reference import reference_file


def shipped_data() -> dict[str, Any]:
    """The resolved data of every shipped config, by its name."""
    names = [*config_names(), *config_names(extras=True)]
    return {name: resolve_config(read_config(shipped_folder() / f"{name}.yaml")).data for name in names}


if __name__ == "__main__":
    lines = (f" {json.dumps(name)}: {json.dumps(data)}" for name, data in shipped_data().items())
    reference_file().write_text("{\n" + ",\n".join(lines) + "\n}\n")
