"""Each format's own doctest: what is read of its example."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest
import socterm.parsers
from socterm.parsers import formats

MODULES = [f"{formats.__name__}.{found.name}" for found in pkgutil.iter_modules(formats.__path__)]


@pytest.mark.parametrize("name", [*MODULES, socterm.parsers.__name__])
def test_examples_are_read_as_they_say(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.failed == 0
    examples = module.__doc__ or ""
    for number in range(len(getattr(module, "FORMATS", ()))):
        assert f"read_line(FORMATS[{number}].example" in examples, f"{name} shows nothing of its example"
