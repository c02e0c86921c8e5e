"""A story that only grows is not read whole for each alert that joins it."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_INDEXES = """
DROP INDEX alert_stories_story;
CREATE INDEX alert_stories_story ON alert_stories (story, incident);
CREATE INDEX alert_stories_pinned ON alert_stories (pinned) WHERE pinned != 0;
CREATE INDEX alert_stories_parted ON alert_stories (story) WHERE pinned != 0;
"""


def m020_stories(db: sqlite3.Connection) -> None:
    """Which incidents a story has, and whether people put alerts of it anywhere."""
    for statement in statements(_INDEXES):
        db.execute(statement)
