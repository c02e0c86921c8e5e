"""Where socterm looks for its files and keeps them (XDG base directories)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def config_path(environ: Mapping[str, str]) -> Path:
    """The configuration file that counts when no flag names one; it need not exist."""
    named = environ.get("SOCTERM_CONFIG")
    if named:
        return Path(named).expanduser()
    return _base(environ, "XDG_CONFIG_HOME", ".config") / "socterm" / "config.toml"


def keys_path(environ: Mapping[str, str]) -> Path:
    """The console's key map, beside the configuration file; it need not exist."""
    return config_path(environ).with_name("keys.toml")


def prompts_dir(environ: Mapping[str, str]) -> Path:
    """A person's own prompts for the model, beside the configuration file; it need not exist."""
    return config_path(environ).with_name("prompts")


def cache_dir(environ: Mapping[str, str]) -> Path:
    """Where what can be made again is kept."""
    return _base(environ, "XDG_CACHE_HOME", ".cache") / "socterm"


def data_dir(environ: Mapping[str, str]) -> Path:
    """Where what belongs to this user is kept."""
    return _base(environ, "XDG_DATA_HOME", ".local/share") / "socterm"


def default_db(environ: Mapping[str, str]) -> Path:
    """Where the store lies unless something else is said."""
    return data_dir(environ) / "socterm.db"


def _base(environ: Mapping[str, str], variable: str, under_home: str) -> Path:
    # The XDG specification: a path that is not absolute is to be ignored.
    named = Path(environ.get(variable, ""))
    if named.is_absolute():
        return named
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / under_home
