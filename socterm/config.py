"""What a person can set, in one model: flags win over environment over the configuration file.

The file is TOML, `$XDG_CONFIG_HOME/socterm/config.toml` unless `SOCTERM_CONFIG` or `--config` names another;
every key has an environment twin (`SOCTERM_DB`, `SOCTERM_LLM_HOST`; lists are separated by commas).
A key the file does not know is an error; a `SOCTERM_*` variable nobody knows is not, because container
platforms set such names by themselves (`SOCTERM_SERVICE_HOST` for a service called socterm).
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import pwd
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails

from socterm import amounts
from socterm.errors import UsageError

Origins = dict[tuple[str, ...], str]
"""Where each value came from, for the error message: (section, key) → "config.toml" or "SOCTERM_DB"."""


def _text_as_list(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _text_as_files(value: Any) -> Any:
    """`name=path` texts, as the environment has them."""
    parts = _text_as_list(value)
    if isinstance(value, str) and all("=" in part for part in parts):
        return {name.strip(): path.strip() for name, _, path in (part.partition("=") for part in parts)}
    return value


def _values(value: Any) -> tuple[str, ...] | Path:
    """The values of a placeholder: written out, or a file of them."""
    if isinstance(value, str | Path):
        return Path(value).expanduser()
    if isinstance(value, list | tuple) and all(type(part) in (str, int) for part in value):
        return tuple(str(part) for part in value)
    raise ValueError("is neither a list of values nor the path of a file with one a line")


List = Annotated[tuple[str, ...], BeforeValidator(_text_as_list)]
HomePath = Annotated[Path, AfterValidator(Path.expanduser)]
Paths = Annotated[tuple[HomePath, ...], BeforeValidator(_text_as_list)]
Files = Annotated[dict[str, HomePath], BeforeValidator(_text_as_files)]

ValuesOrFiles = Annotated[
    dict[str, Annotated[tuple[str, ...] | Path, PlainValidator(_values)]], BeforeValidator(_text_as_files)
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


INTERNAL = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
    "100.64.0.0/10",  # carriers' NAT, RFC 6598
    "127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32",
    "::1/128", "::/128", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip
"""Networks that nobody on the internet has: private, carriers', this machine, this link, groups."""

_DEFAULT = "default"


def _networks(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Networks in one spelling; "default" stands for INTERNAL."""
    found: list[str] = []
    for part in parts:
        if part == _DEFAULT:
            found += INTERNAL
            continue
        try:
            found.append(str(ipaddress.ip_network(part, strict=False)))
        except ValueError:
            raise ValueError(f"{part} is no network, such as 198.51.100.0/24") from None
    return tuple(dict.fromkeys(found))


class NetworksConfig(_Section):
    """Which addresses are ours. `internal` replaces the list; "default" in it stands for the usual ones."""

    internal: Annotated[List, AfterValidator(_networks)] = INTERNAL


class GeoConfig(_Section):
    """MaxMind databases (.mmdb) of cities or countries, and of autonomous systems; none by default."""

    city: HomePath | None = None
    country: HomePath | None = None
    asn: HomePath | None = None


OLLAMA = "http://127.0.0.1:11434"
"""Where Ollama listens unless it is told otherwise."""


class LlmConfig(_Section):
    """The local model. `allow_remote` lets the host be another machine: log text then leaves this one.

    `backend` "openai" is any OpenAI-compatible server (llama.cpp's, vLLM, LM Studio); with the host left as
    it is it is looked for at port 8080. "scripted" answers from the YAML file `script`. `context` is in
    tokens, `timeout` and `silence` in seconds. `sql` lets the model ask SELECTs of the views hunts have. See
    `docs/analyst.md`.
    """

    backend: Literal["ollama", "openai", "scripted", "none"] = "ollama"
    host: str = OLLAMA
    model: str = ""
    embed_model: str = ""
    api_key: str = Field(default="", repr=False)
    allow_remote: bool = False
    script: HomePath | None = None
    context: int = Field(default=8192, ge=2048, le=1_000_000)
    timeout: float = Field(default=300.0, ge=1, le=3600)
    silence: float = Field(default=120.0, ge=1, le=3600)
    sql: bool = False

    @property
    def address(self) -> str:
        """The host, as far as this backend was given one of its own."""
        return "http://127.0.0.1:8080" if (self.backend, self.host) == ("openai", OLLAMA) else self.host


class AnalystConfig(_Section):
    """What the analyst's five roles do by themselves. See `docs/analyst.md`.

    `background`: open incidents of `background_level` or above are looked at as they come, and a model is
    asked about at most `background_most` of them an hour; of the others rules say what they can. `fast` asks
    a model once for all it may say of a case.
    """

    background: bool = True
    background_level: Literal["informational", "low", "medium", "high", "critical"] = "high"
    background_most: int = Field(default=20, ge=0, le=1000)
    fast: bool = False


class ConsoleConfig(_Section):
    """How the console looks. `theme` "" follows the saved view; `fps` is how often panes redraw a second.

    `notify` tells of new alerts outside the console: "bell", "desktop" (OSC 9) or "off"; from `notify_level`
    on, at most `notify_most` a minute (and one summary), `notify_each` of them about one rule and entity.
    """

    theme: str = ""
    fps: float = Field(default=5.0, ge=0.5, le=60)
    notify: Literal["off", "bell", "desktop"] = "off"
    notify_level: Literal["informational", "low", "medium", "high", "critical"] = "high"
    notify_most: int = Field(default=5, ge=1, le=60)
    notify_each: int = Field(default=1, ge=1, le=60)


def _an_age(text: str) -> str:
    amounts.span(text)
    return text.strip()


def _a_size(text: str) -> str:
    if 0 < amounts.size(text) < LEAST_SIZE:
        raise ValueError(f"is less than a store needs, {amounts.shown_size(LEAST_SIZE)}")
    return text.strip()


LEAST_SIZE = 8 << 20
"""Bytes below which no limit is taken: tables, rules and the newest lines need some room."""

Age = Annotated[str, AfterValidator(_an_age)]
FileSize = Annotated[str, AfterValidator(_a_size)]


class RetentionConfig(_Section):
    """How long events are kept; "" is without limit. See `docs/retention.md`.

    `older` ("30d"): by their own time. `max_size` ("5G"): the oldest go when the file is bigger. `closed`:
    how long after its last change a closed alert keeps its evidence.
    """

    older: Age = ""
    max_size: FileSize = ""
    closed: Age = "90d"


class IncidentsConfig(_Section):
    """How alerts are joined to incidents. See `docs/incidents.md`.

    `window` ("4h") is the longest silence between alerts with a strong bond, `chain` ("15m") between those
    with a weak one. `common_users` stand for nobody in particular, besides root and the like. Risk halves in
    `half_life`.
    """

    window: Age = "4h"
    chain: Age = "15m"
    common_users: List = ()
    half_life: Age = "24h"


class Config(_Section):
    """Everything socterm can be told, with its defaults; see `docs/configuration.md`.

    `assets` is a CSV file, `ioc` are lists of indicators or folders of them; see `docs/enrichment.md`.
    `lists` names files of values that rules look fields up in, `placeholders` are what `%name%` stands for in
    rules: values, or a file of them; see `docs/sigma.md`.
    `formats` are `[GLOB=]NAME`, as of `--format`. `lateness` is in seconds. `tz` is an IANA name for stamps
    without a zone, "" the machine's own.
    `actor` stands in the audit rows of this person's decisions.
    """

    db: HomePath
    tail: List = ()
    syslog: List = ()
    journal: bool = False
    formats: List = ()
    rules: Paths = ()
    assets: HomePath | None = None
    ioc: Paths = ()
    lists: Files = {}
    placeholders: ValuesOrFiles = {}
    tz: str = ""
    lateness: float = Field(default=5.0, ge=0, le=3600)
    actor: str = Field(min_length=1, max_length=200)
    llm: LlmConfig = LlmConfig()
    analyst: AnalystConfig = AnalystConfig()
    console: ConsoleConfig = ConsoleConfig()
    networks: NetworksConfig = NetworksConfig()
    geo: GeoConfig = GeoConfig()
    retention: RetentionConfig = RetentionConfig()
    incidents: IncidentsConfig = IncidentsConfig()

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (KeyError, OSError, ValueError):  # unknown; a folder; an absolute path
                raise ValueError("is no time zone of the IANA list, such as Europe/Berlin") from None
        return name


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


def _base(environ: Mapping[str, str], variable: str, under_home: str) -> Path:
    # The XDG specification: a path that is not absolute is to be ignored.
    named = Path(environ.get(variable, ""))
    if named.is_absolute():
        return named
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / under_home


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: is not TOML: {error}") from None
    for key, value in _flatten(table):
        yield key, _resolve(key, value, file.parent), str(file)


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    for key in _keys():
        variable = "_".join(("SOCTERM", *key)).upper()
        value = environ.get(variable)
        if value:
            yield key, value, variable


def _from_flags(flags: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any, str]]:
    for name, value in flags.items():
        if value is not None and value != ():
            yield tuple(name.split(".")), value, "--" + name.replace(".", "-").replace("_", "-")


def _flatten(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and name in _SECTIONS:
            yield from (((name, key), inner) for key, inner in value.items())
        else:
            yield (name,), value


def _resolve(key: tuple[str, ...], value: Any, folder: Path) -> Any:
    """Paths in the file are relative to the file, and may begin with ~."""
    if (key in {("db",), ("assets",), ("llm", "script")} or key[0] == "geo") and isinstance(value, str):
        return folder / Path(value).expanduser()
    if key in {("lists",), ("placeholders",)} and isinstance(value, dict):
        return {
            name: folder / Path(file).expanduser() if isinstance(file, str) else file
            for name, file in value.items()
        }
    if key in {("rules",), ("tail",), ("ioc",)} and isinstance(value, list):
        return [
            str(folder / Path(part).expanduser()) if isinstance(part, str) and part != "-" else part
            for part in value
        ]
    return value


def _put(merged: dict[str, Any], key: tuple[str, ...], value: Any) -> None:
    if len(key) == 1:
        merged[key[0]] = value
        return
    section = merged.setdefault(key[0], {})
    if isinstance(section, dict):  # a section that is no table stays as it is: validation names it
        section[key[1]] = value


_SECTIONS: dict[str, type[_Section]] = {
    "llm": LlmConfig,
    "analyst": AnalystConfig,
    "console": ConsoleConfig,
    "networks": NetworksConfig,
    "geo": GeoConfig,
    "retention": RetentionConfig,
    "incidents": IncidentsConfig,
}


def _keys() -> list[tuple[str, ...]]:
    top = [(name,) for name in Config.model_fields if name not in _SECTIONS]
    return top + [(section, name) for section, model in _SECTIONS.items() for name in model.model_fields]


def _one_line(error: ErrorDetails, origins: Origins) -> str:
    location = tuple(str(part) for part in error["loc"])
    origin = next((origins[location[:n]] for n in (2, 1) if location[:n] in origins), "configuration")
    key = ".".join(part for part in location if not part.isdigit())
    if error["type"] == "extra_forbidden":
        known = [".".join(name) for name in _keys()]
        near = difflib.get_close_matches(key, known, 1)
        return f"{origin}: unknown key {key}" + (f"; did you mean {near[0]}?" if near else "")
    message = error["msg"].removeprefix("Value error, ")
    shown = repr(error["input"])
    return f"{origin}: {key}: {message} (got {shown if len(shown) <= 60 else shown[:57] + '...'})"
