"""Everything that can be set, in one model."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from socterm.config.analyst import AnalystConfig, LlmConfig
from socterm.config.api import ApiConfig
from socterm.config.kinds import Files, HomePath, List, Listeners, Paths, Section, ValuesOrFiles
from socterm.config.listen import ListenConfig
from socterm.config.notify import NotifyConfig
from socterm.config.sections import (
    ConsoleConfig,
    GeoConfig,
    IncidentsConfig,
    NetworksConfig,
    RetentionConfig,
)


class Config(Section):
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
    syslog: Listeners = ()
    journal: bool = False
    formats: List = ()
    rules: Paths = ()
    assets: HomePath | None = None
    ioc: Paths = ()
    lists: Files = Field(default={})
    placeholders: ValuesOrFiles = Field(default={})
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
    api: ApiConfig = ApiConfig()
    listen: ListenConfig = ListenConfig()
    notify: NotifyConfig = NotifyConfig()

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (KeyError, OSError, ValueError):  # unknown; a folder; an absolute path
                raise ValueError("is no time zone of the IANA list, such as Europe/Berlin") from None
        return name


SECTIONS: dict[str, type[Section]] = {
    name: field.annotation
    for name, field in Config.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}
"""Name to model of what stands under a table of its own."""


def keys() -> list[tuple[str, ...]]:
    """Every setting by its names, sections last."""
    top = [(name,) for name in Config.model_fields if name not in SECTIONS]
    return top + [(section, name) for section, model in SECTIONS.items() for name in model.model_fields]
