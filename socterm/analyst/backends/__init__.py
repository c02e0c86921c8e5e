"""Places where a model runs, and the one queue in front of it. Importing this imports no HTTP client."""

import os
from pathlib import Path

from socterm.analyst.backend import Backend
from socterm.analyst.backends.compatible import CompatibleBackend
from socterm.analyst.backends.neighbours import Neighbours
from socterm.analyst.backends.none import NullBackend
from socterm.analyst.backends.ollama import OllamaBackend
from socterm.analyst.backends.patience import Patience
from socterm.analyst.backends.scripted import ScriptedBackend, read_script
from socterm.analyst.backends.turns import QueuedBackend, Turns
from socterm.config import LlmConfig, cache_dir
from socterm.errors import UsageError

__all__ = [
    "CompatibleBackend",
    "NullBackend",
    "OllamaBackend",
    "QueuedBackend",
    "ScriptedBackend",
    "open_backend",
]


def open_backend(llm: LlmConfig) -> Backend:
    """The backend a configuration asks for, behind its queue; nothing is contacted yet.

    An empty host means no model. Raises UsageError where a script is missing or broken.
    """
    patience = Patience(total=llm.timeout, silence=min(llm.silence, llm.timeout))
    if llm.backend == "scripted":
        if llm.script is None:
            raise UsageError('llm.backend = "scripted" needs llm.script, a file of answers')
        return QueuedBackend(
            ScriptedBackend(read_script(Path(llm.script)), num_ctx=llm.context, patience=patience)
        )
    if llm.backend == "none" or not llm.host:
        return NullBackend()
    turns = Turns(Neighbours(cache_dir(os.environ) / "llm", llm.address))
    if llm.backend == "openai":
        served: Backend = CompatibleBackend(
            llm.address,
            llm.model,
            api_key=llm.api_key,
            allow_remote=llm.allow_remote,
            embed_model=llm.embed_model,
            num_ctx=llm.context,
            patience=patience,
        )
    else:
        served = OllamaBackend(
            llm.host,
            llm.model,
            allow_remote=llm.allow_remote,
            embed_model=llm.embed_model,
            num_ctx=llm.context,
            patience=patience,
        )
    return QueuedBackend(served, turns)
