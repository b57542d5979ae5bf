"""Training that is made to fail."""

from typing import Any

import pytest

from fa_repro.results.store import Store


def stopped_at(patch: pytest.MonkeyPatch, count: int) -> None:
    """Ctrl-C after so many runs have been stored."""
    commit, stored = Store.commit, []

    def interrupted(self: Store, *words: Any, **keys: Any) -> None:
        if len(stored) == count:
            raise KeyboardInterrupt
        stored.append(commit(self, *words, **keys))

    patch.setattr(Store, "commit", interrupted)
