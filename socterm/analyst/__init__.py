"""The analyst: explains alerts and answers questions from the store, with a local model or from rules.

It reads and never writes. Importing this room imports neither `ollama` nor `httpx`. See docs/analyst.md.
"""

from socterm.analyst.analyst import Analyst
from socterm.analyst.backend import Backend, Health
from socterm.analyst.backends import NullBackend, OllamaBackend, open_backend
from socterm.analyst.explain import Explanation, Part
from socterm.analyst.pieces import Piece
from socterm.analyst.toolparts import Desks
from socterm.analyst.transcripts import Talks

__all__ = [
    "Analyst",
    "Backend",
    "Desks",
    "Explanation",
    "Health",
    "NullBackend",
    "OllamaBackend",
    "Part",
    "Piece",
    "Talks",
    "open_backend",
]
