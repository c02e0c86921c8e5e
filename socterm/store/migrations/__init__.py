"""The tables, as numbered migrations, one a file; docs/store.md shows them with the comments in them.

Times are µs since the epoch, UTC. Source names stand once, in `sources`, and as small integers elsewhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from socterm.store.migrations.m001_initial import m001_initial
from socterm.store.migrations.m002_formats import m002_formats
from socterm.store.migrations.m003_keys import m003_keys
from socterm.store.migrations.m004_rules_in_force import m004_rules_in_force
from socterm.store.migrations.m005_learning import m005_learning
from socterm.store.migrations.m006_parts import m006_parts
from socterm.store.migrations.m007_triage import m007_triage
from socterm.store.migrations.m008_exceptions import m008_exceptions
from socterm.store.migrations.m009_incidents import m009_incidents
from socterm.store.migrations.m010_hunts import m010_hunts
from socterm.store.migrations.m011_retention import m011_retention
from socterm.store.migrations.m012_templates import m012_templates
from socterm.store.migrations.m013_analyst import m013_analyst
from socterm.store.migrations.m014_conversations import m014_conversations
from socterm.store.migrations.m015_outbox import m015_outbox
from socterm.store.migrations.m016_identity import m016_identity
from socterm.store.migrations.m017_receipts import m017_receipts
from socterm.store.migrations.m018_told import m018_told
from socterm.store.migrations.m019_sole import m019_sole
from socterm.store.migrations.m020_stories import m020_stories

MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    m001_initial,
    m002_formats,
    m003_keys,
    m004_rules_in_force,
    m005_learning,
    m006_parts,
    m007_triage,
    m008_exceptions,
    m009_incidents,
    m010_hunts,
    m011_retention,
    m012_templates,
    m013_analyst,
    m014_conversations,
    m015_outbox,
    m016_identity,
    m017_receipts,
    m018_told,
    m019_sole,
    m020_stories,
)
"""In order. A migration is never changed once released; the next one is appended."""
