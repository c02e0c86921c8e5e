"""What this call is set to: its configuration with the flags on top, its clock and its zone.

Apart from `wiring`, so that a command which only reads a store imports neither parsers nor rules.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from socterm.config import Config, load_config


def clock() -> int:
    """The wall clock in µs."""
    return time.time_ns() // 1000


def configure(options: Mapping[str, Any]) -> Config:
    """The configuration with this call's flags on top."""
    names = ("db", "tail", "syslog", "journal", "formats", "rules", "tz")
    flags = {name: options.get(name) for name in names}
    if options.get("theme"):
        flags["console.theme"] = options["theme"]
    if options.get("fps"):
        flags["console.fps"] = options["fps"]
    served = ("listen", "cert", "key", "behind_proxy", "browser")
    flags |= {f"api.{name}": options[name] for name in served if options.get(name)}
    return load_config(flags, path=options.get("config"))


def zone(config: Config) -> tzinfo:
    """The zone of stamps that name none: as configured, else this machine's."""
    if config.tz:
        return ZoneInfo(config.tz)
    link = Path("/etc/localtime")
    if link.is_symlink():
        _, _, name = str(link.resolve()).partition("zoneinfo/")
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            return UTC
    return UTC
