"""The settings that keys of stored runs are made of: runs that were stored by an earlier version are found again."""

import hashlib
import json

import pytest

from fa_repro.config.locate import config_names, read_config, shipped_folder
from fa_repro.config.resolve import resolve_config

KEYS = {
    "angle": "05cc28006e06bd7ef9c18d0526f7712db5a5b0111774fbc36630fa8761995795",
    "extra/mnist-deep": "4b04aebe813b33fdb760ab7cb98c597b88c41836d26654037392160b4f552f25",
    "extra/rules-linear": "be283c1c9507bfba1f7828360d4dc1e4f9d8562e979d63b6f9bf545b3179f121",
    "extra/rules-mnist": "66d6b417eba9c729700a850b7e0dce31b2dff20c30d42418b91a5ad00ceafe53",
    "extra/rules-nonlinear": "4b5b724b41f728e6db19cfe189cfba38411dcf598c59e8e5a96fe1f948f68f75",
    "linear": "e4a53cf63fdc592451299eb632445c82852a890cd08f4e107494902f66a6d62b",
    "mnist": "293312aa707462aa1e5b004edfa394595ec56d41d3b4bb5f537306087351ea77",
    "nonlinear": "7b9189d0c293c3542eaa8825bedbe880b51582316a4415c0a64685cbe34d1d69",
    "nse": "05cc28006e06bd7ef9c18d0526f7712db5a5b0111774fbc36630fa8761995795",
    "receptive-fields": "ae13e29824ac1101e42402a938c0b8fe8b90a7d101d657d976eebaf1ebfedd8c",
    "search/mnist": "124edff80c8b17e02e063e07d8ad57a4d6c21f0b21e1b4e00a359d72dc8b7784",
    "search/nonlinear": "80a8bbb16fbca17d8828b568b3d692cf5432afeebfa136e615d94b3eb3c088a8",
    "search/rules-linear": "9bd32b7c05505c23c6bccc9a919f02da7785440bfca9db49f15983aab0521ae8",
    "search/rules-mnist": "9e126f258e56d5620fbf4ae38adeb6b72e780b6f2e8ed5971f197d00a505d3cf",
    "search/rules-nonlinear": "37710870a38198a498355488537da58ec84aa1f1a82491deffc71dde20ff884c",
}
"""Hash of the settings of the last run of each shipped config that trains anything, without the source of its rule and
task. Change them only with the numerics version."""


@pytest.mark.parametrize("name", KEYS)
def test_the_settings_of_a_run_are_pinned(name: str) -> None:
    run = resolve_config(read_config(shipped_folder() / f"{name}.yaml")).runs()[-1]
    settings = {**run.condition.setup.canonical(), "trial": run.trial}
    assert hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest() == KEYS[name]


def test_every_shipped_trained_config_is_pinned() -> None:
    every = [*config_names(), *config_names(extras=True)]
    assert {name for name in every if resolve_config(read_config(shipped_folder() / f"{name}.yaml")).conditions} == set(
        KEYS
    )
