"""What is configured: secrets by their names, the model."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from socterm import secrets
from socterm.analyst.backend import Health
from socterm.config import Config, config_path
from socterm.errors import SoctermError
from socterm.pipeline.doctor.row import Row, bad, ok, warn


def file(config: Config, path: Path | None, environ: Mapping[str, str]) -> Row:
    """The configuration file, which could be read."""
    what = "configuration"
    found = path or config_path(environ)
    if not found.exists():
        return ok(what, f"no file; the defaults and SOCTERM_* count ({found} would be read)")
    if config.llm.api_key and found.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return warn(what, f"others may read {found}, and llm.api_key stands in it", f"chmod 600 {found}")
    return ok(what, f"{found} can be read")


def named_secrets(
    config: Config, environ: Mapping[str, str], handed: frozenset[str] = frozenset()
) -> Iterator[Row]:
    """Whether each secret that the configuration names can be had; never what it is.

    `handed` are those the service gets as credentials, which it alone can read.
    """
    for key, name in _names(config, ""):
        if name in handed and "CREDENTIALS_DIRECTORY" not in environ:
            yield ok("secret", f"{key}: the service is handed it, as the credential {name}")
            continue
        try:
            secrets.held(name, environ)
        except SoctermError as error:
            yield bad("secret", f"{key}: {error}", "docs/configuration.md says where secrets come from")
        else:
            yield ok("secret", f"{key}: it is there")


def _names(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """(setting, name of its secret) of all settings called `…_secret`."""
    if isinstance(value, BaseModel):
        parts = [(name, getattr(value, name)) for name in type(value).model_fields]
    elif isinstance(value, dict):
        parts = [(str(name), inner) for name, inner in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(str(number), inner) for number, inner in enumerate(value)]
    else:
        return
    for name, inner in parts:
        below = f"{key}.{name}" if key else name
        if name.endswith("_secret") and isinstance(inner, str):
            if inner:
                yield below, inner
        else:
            yield from _names(inner, below)


def model(config: Config, health: Health) -> Row:
    """The model, as its server answered; without one everything is answered from rules."""
    what, asked = "model", config.llm
    if asked.backend == "none":
        return ok(what, "none is wanted: everything is answered from rules")
    if health.state == "ok":
        return ok(what, f"{health.model} answers; socterm llm-doctor says what it can")
    if health.state == "refused":
        return bad(
            what, health.reason, "choose a local one; llm.allow_remote is for who wants log text to leave"
        )
    if asked.model:
        return warn(
            what, health.reason, "start its server, or see socterm llm-doctor; rules answer meanwhile"
        )
    return ok(what, f"{health.reason}: everything is answered from rules")
