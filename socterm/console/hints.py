"""What somebody who sees a screen for the first time is told, once."""

from __future__ import annotations

HINTS = {
    "triage": "{app.help} lists all keys · {app.go} goes to other screens · {app.command} takes commands",
    "events": "{columns.next} goes to a value · {list.keep} keeps it, {list.exclude} leaves it out · "
    "{list.pivot} what else there is about it",
    "incidents": "{list.open} opens an incident · {list.pivot} what else there is about a value",
    "hunt": "{list.filter} asks the whole past · {app.command} takes the question, too",
    "rules": "{list.open} opens a rule · {app.help} lists what can be done with it",
    "sources": "{sources.samples} shows the lines that no format knew",
    "entity": "{list.open} opens what a line names · {list.back} goes back to where you came from",
}
"""By screen; a verb's id in braces stands for its key."""
