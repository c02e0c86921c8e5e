"""Settings of the local model and of what the analyst does by itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from socterm.config.kinds import HomePath, Section

OLLAMA = "http://127.0.0.1:11434"
"""Where Ollama listens unless it is told otherwise."""


class LlmConfig(Section):
    """The local model. `allow_remote` lets the host be another machine: log text then leaves this one.

    `backend` "openai" is any OpenAI-compatible server (llama.cpp's, vLLM, LM Studio); with the host left as
    it is it is looked for at port 8080. "scripted" answers from the YAML file `script`. `context` is in
    tokens, `timeout` and `silence` in seconds. `sql` lets the model ask SELECTs of the views hunts have. See
    `docs/analyst.md`.
    """

    backend: Literal["ollama", "openai", "scripted", "none"] = "ollama"
    host: str = OLLAMA
    model: str = ""
    embed_model: str = ""
    api_key: str = Field(default="", repr=False)
    allow_remote: bool = False
    script: HomePath | None = None
    context: int = Field(default=8192, ge=2048, le=1_000_000)
    timeout: float = Field(default=300.0, ge=1, le=3600)
    silence: float = Field(default=120.0, ge=1, le=3600)
    sql: bool = False

    @property
    def address(self) -> str:
        """The host, as far as this backend was given one of its own."""
        return "http://127.0.0.1:8080" if (self.backend, self.host) == ("openai", OLLAMA) else self.host


class AnalystConfig(Section):
    """What the analyst's five roles do by themselves. See `docs/analyst.md`.

    `background`: open incidents of `background_level` or above are looked at as they come, and a model is
    asked about at most `background_most` of them an hour; of the others rules say what they can. The vectors
    that search by meaning compares are made as well. `fast` asks a model once for all it may say of a case.
    """

    background: bool = True
    background_level: Literal["informational", "low", "medium", "high", "critical"] = "high"
    background_most: int = Field(default=20, ge=0, le=1000)
    fast: bool = False
