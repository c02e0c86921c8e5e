"""Places where a model runs, and the one queue in front of it. Importing this imports no HTTP client."""

from socterm.analyst.backend import Backend
from socterm.analyst.backends.none import NullBackend
from socterm.analyst.backends.ollama import OllamaBackend
from socterm.config import LlmConfig

__all__ = ["NullBackend", "OllamaBackend", "open_backend"]


def open_backend(llm: LlmConfig) -> Backend:
    """The backend a configuration asks for; nothing is contacted yet. An empty host means no model."""
    if not llm.host:
        return NullBackend()
    return OllamaBackend(llm.host, llm.model, allow_remote=llm.allow_remote)
