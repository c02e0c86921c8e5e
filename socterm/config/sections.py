"""Settings that stand under a name of their own: networks, places, the console, keeping, joining."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from socterm.config.kinds import INTERNAL, Age, FileSize, HomePath, List, Networks, Section


class NetworksConfig(Section):
    """Which addresses are ours. `internal` replaces the list; "default" in it stands for the usual ones."""

    internal: Networks = INTERNAL


class GeoConfig(Section):
    """MaxMind databases (.mmdb) of cities or countries, and of autonomous systems; none by default."""

    city: HomePath | None = None
    country: HomePath | None = None
    asn: HomePath | None = None


class ConsoleConfig(Section):
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


class RetentionConfig(Section):
    """How long events are kept; "" is without limit. See `docs/retention.md`.

    `older` ("30d"): by their own time. `max_size` ("5G"): the oldest go when the file is bigger. `closed`:
    how long after its last change a closed alert keeps its evidence.
    """

    older: Age = ""
    max_size: FileSize = ""
    closed: Age = "90d"


class IncidentsConfig(Section):
    """How alerts are joined to incidents. See `docs/incidents.md`.

    `window` ("4h") is the longest silence between alerts with a strong bond, `chain` ("15m") between those
    with a weak one. `common_users` stand for nobody in particular, besides root and the like. Risk halves in
    `half_life`.
    """

    window: Age = "4h"
    chain: Age = "15m"
    common_users: List = ()
    half_life: Age = "24h"
