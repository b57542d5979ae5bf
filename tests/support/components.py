"""What tests of rules and of tasks share: both are frozen dataclasses that name their source."""

from dataclasses import fields
from typing import Any

import pytest


def assert_frozen_and_documented(component: Any) -> None:
    """No field can be set, and the docstring has references."""
    for field in fields(component):
        with pytest.raises(AttributeError):
            setattr(component, field.name, 1)
    assert "References" in (type(component).__doc__ or "")
