"""What one person hands to the next: an incident or a shift as a document, the same in Markdown and HTML."""

from socterm.reports.document import Document
from socterm.reports.html import html
from socterm.reports.incident import IncidentFacts, incident_report
from socterm.reports.markdown import markdown
from socterm.reports.plain import plain
from socterm.reports.shift import ShiftFacts, shift_report

__all__ = [
    "Document",
    "IncidentFacts",
    "ShiftFacts",
    "html",
    "incident_report",
    "markdown",
    "plain",
    "shift_report",
]
