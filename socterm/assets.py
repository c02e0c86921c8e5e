"""Where the files that travel with socterm lie: its rules and its sample logs.

A wheel carries them in `socterm/_data/`. An editable install has no such folder (hatchling's force-include
does not apply to it), there they lie beside the package in the checkout.
"""

from __future__ import annotations

from pathlib import Path

from socterm.errors import SoctermError

_PACKAGE = Path(__file__).resolve().parent


def rules_dir() -> Path:
    """The folder of the rules socterm brings. Raises `SoctermError` where the installation is incomplete."""
    return _find("rules")


def sample_logs_dir() -> Path:
    """The folder of labelled sample logs. Raises `SoctermError` where the installation is incomplete."""
    return _find("sample_logs")


def _find(name: str, package: Path = _PACKAGE) -> Path:
    packaged = package / "_data" / name
    if packaged.is_dir():
        return packaged
    checkout = package.parent
    # pyproject.toml tells the checkout from site-packages, where a folder called "rules" is someone else's.
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise SoctermError(f"{packaged} is missing: this installation is incomplete, install socterm again")
