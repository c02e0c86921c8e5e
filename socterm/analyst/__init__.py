"""The analyst: explains alerts and answers questions from the store, with a local model or from rules.

It reads and never writes. Importing this room imports neither `ollama` nor `httpx`. See docs/analyst.md.
"""

from socterm.analyst.analyst import Analyst
from socterm.analyst.backend import Backend, Health
from socterm.analyst.explain import Explanation, Part
from socterm.analyst.null import NullBackend
from socterm.analyst.ollama_backend import OllamaBackend
from socterm.analyst.pieces import Piece
from socterm.config import LlmConfig

__all__ = [
    "Analyst",
    "Backend",
    "Explanation",
    "Health",
    "NullBackend",
    "OllamaBackend",
    "Part",
    "Piece",
    "open_backend",
]


def open_backend(llm: LlmConfig) -> Backend:
    """The backend a configuration asks for; nothing is contacted yet. An empty host means no model."""
    if not llm.host:
        return NullBackend()
    return OllamaBackend(llm.host, llm.model, allow_remote=llm.allow_remote)
