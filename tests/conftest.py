"""One cache for all tests of a run: what rules are and how their own tests went is found out once."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

SHARED = "SOCTERM_TEST_CACHE"
"""Where workers and programs that tests start find it."""


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run makes it and takes it away."""
    if SHARED not in os.environ:
        os.environ[SHARED] = made = tempfile.mkdtemp(prefix="socterm-cache-")
        config.add_cleanup(lambda: shutil.rmtree(made, ignore_errors=True))
    os.environ["XDG_CACHE_HOME"] = os.environ[SHARED]
