"""What the backends share that talk to a server over HTTP: where it is, and which of its models is asked."""

from __future__ import annotations

from typing import TypedDict

from socterm.analyst.backends.asking import AskingBackend
from socterm.analyst.backends.patience import USUAL, Patience


class Settings(TypedDict, total=False):
    """What can be set for any server."""

    allow_remote: bool
    embed_model: str
    num_ctx: int
    num_predict: int
    patience: Patience


class ServedBackend(AskingBackend):
    """Asks one server. `model` "" takes the first local model it has, `embed_model` likewise."""

    def __init__(
        self,
        host: str,
        model: str = "",
        *,
        allow_remote: bool = False,
        embed_model: str = "",
        num_ctx: int = 8192,
        num_predict: int = 1024,
        patience: Patience = USUAL,
    ) -> None:
        super().__init__(num_ctx=num_ctx, num_predict=num_predict, patience=patience)
        self.host = host
        self.wanted = model
        self.allow_remote = allow_remote
        self.embeds_with = embed_model
        self._model = ""

    def _model_name(self) -> str:
        return self._model or self.wanted
