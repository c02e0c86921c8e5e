"""What a person can set, in one model: flags win over environment over the configuration file.

The file is TOML, `$XDG_CONFIG_HOME/socterm/config.toml` unless `SOCTERM_CONFIG` or `--config` names another;
every key has an environment twin (`SOCTERM_DB`, `SOCTERM_LLM_HOST`; lists are separated by commas).
A key the file does not know is an error; a `SOCTERM_*` variable nobody knows is not, because container
platforms set such names by themselves (`SOCTERM_SERVICE_HOST` for a service called socterm).
"""

from __future__ import annotations

import difflib
import os
import pwd
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from socterm.config.model import SECTIONS, Config, keys
from socterm.config.places import config_path, default_db
from socterm.errors import UsageError

Origins = dict[tuple[str, ...], str]
"""Where each value came from, for the error message: (section, key) → "config.toml" or "SOCTERM_DB"."""


_UNTOLD = (("notify", "channels"), ("llm", "api_key"))
"""Settings whose value is not shown: who takes one for the place of a password must not see it told."""


def load_config(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    path: Path | None = None,
) -> Config:
    """Join file, environment and flags into one `Config`.

    `flags` are keys of the model, dotted for sections ("llm.host"); None and empty tuples mean "not given".
    `path` is the file `--config` named, which must then exist. Raises `UsageError`, one line that names the
    file, variable or flag and the key.
    """
    merged: dict[str, Any] = {"db": default_db(environ), "actor": _login_name()}
    origins: Origins = {("db",): "the default place"}
    layers = (_from_file(path, environ), _from_environment(environ), _from_flags(flags or {}))
    for layer in layers:
        for key, value, origin in layer:
            _put(merged, key, value)
            origins[key] = origin
    try:
        return Config.model_validate(merged)
    except ValidationError as error:
        raise UsageError(_one_line(error.errors()[0], origins)) from None


def _login_name() -> str:
    """The OS user; asked of the password database because LOGNAME can be set to anybody."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def _from_file(path: Path | None, environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    file = path or config_path(environ)
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if path is None and not environ.get("SOCTERM_CONFIG"):
            return
        raise UsageError(f"{file}: no such configuration file") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # also numbers without end, and brackets in brackets
        raise UsageError(f"{file}: is not TOML: {error}") from None
    for key, value in _flatten(table):
        yield key, _resolve(key, value, file.parent), str(file)


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    for key in keys():
        variable = "_".join(("SOCTERM", *key)).upper()
        value = environ.get(variable)
        if value:
            yield key, value, variable


_OPTIONS = {"formats": "--format"}
"""Settings whose option has another name than they."""


def _from_flags(flags: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    for name, value in flags.items():
        if value is not None and value != ():
            key = tuple(name.split("."))
            yield key, value, _OPTIONS.get(name) or "--" + key[-1].replace("_", "-")


def _flatten(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and name in SECTIONS:
            yield from (((name, key), inner) for key, inner in value.items())
        else:
            yield (name,), value


def _resolve(key: tuple[str, ...], value: Any, folder: Path) -> Any:
    """Paths in the file are relative to the file, and may begin with ~."""
    if not _names_files(key):
        return value
    if isinstance(value, dict):
        return {name: _beside(file, folder) for name, file in value.items()}
    if isinstance(value, list):
        return [_beside(file, folder) for file in value]
    return _beside(value, folder)


def _beside(value: Any, folder: Path) -> Any:
    if not isinstance(value, str) or value == "-":
        return value
    try:
        return str(folder / Path(value).expanduser())
    except RuntimeError:
        raise UsageError(f"{value}: there is no such user, whose home could be meant") from None


def _names_files(key: tuple[str, ...]) -> bool:
    """Whether a setting is a path, or several; `tail` is, though it may hold patterns as well."""
    model = SECTIONS.get(key[0], Config) if len(key) > 1 else Config
    field = model.model_fields.get(key[-1])
    return key == ("tail",) or (field is not None and _has_path(field.annotation))


def _has_path(kind: Any) -> bool:
    return kind is Path or any(map(_has_path, get_args(kind)))


def _put(merged: dict[str, Any], key: tuple[str, ...], value: Any) -> None:
    if len(key) == 1:
        merged[key[0]] = value
        return
    section = merged.setdefault(key[0], {})
    if isinstance(section, dict):  # a section that is no table stays as it is: validation names it
        section[key[1]] = value


def _one_line(error: ErrorDetails, origins: Origins) -> str:
    location = tuple(str(part) for part in error["loc"])
    origin = next((origins[location[:n]] for n in (2, 1) if location[:n] in origins), "configuration")
    key = ".".join(part for part in location if not part.isdigit())
    if error["type"] == "extra_forbidden":
        known = [".".join(name) for name in keys()]
        near = difflib.get_close_matches(key, known, 1)
        return f"{origin}: unknown key {key}" + (f"; did you mean {near[0]}?" if near else "")
    message = error["msg"].removeprefix("Value error, ")
    if location[:2] in _UNTOLD:
        return f"{origin}: {key}: {message}"
    shown = repr(error["input"])
    named = origin if origin.startswith("--") else f"{origin}: {key}"
    return f"{named}: {message} (got {shown if len(shown) <= 60 else shown[:57] + '...'})"
