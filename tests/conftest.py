"""One cache for all tests of a run: what rules are and how their own tests went is found out once.

And no test fails because a machine is slow: generated cases have no deadline.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.scanning import RULES

settings.register_profile(
    "unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")

SHARED = "SOCTERM_TEST_CACHE"
"""Where workers and programs that tests start find it."""


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run makes it and takes it away."""
    if SHARED not in os.environ:
        os.environ[SHARED] = made = tempfile.mkdtemp(prefix="socterm-cache-")
        config.add_cleanup(lambda: shutil.rmtree(made, ignore_errors=True))
    os.environ["XDG_CACHE_HOME"] = os.environ[SHARED]


@pytest.fixture
def no_pack(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation that brings no rules, for commands called in this process.

    What is about the machinery then holds for the rules of the test alone, however the pack grows.
    """
    folder = tmp_path_factory.mktemp("pack")
    monkeypatch.setattr("socterm.cli.wiring.rules_dir", lambda: folder)
    return folder


@pytest.fixture
def small_pack(no_pack: Path) -> Path:
    """An installation that brings the rules of `tests.scanning` on failed logins, and no others."""
    (no_pack / "logins.yml").write_text(RULES)
    return no_pack
