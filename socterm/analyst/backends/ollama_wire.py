"""The `ollama` client over our wire; imported only when a model is asked, it takes half a second."""

from __future__ import annotations

import ollama

from socterm.analyst.backends.wire import Wire, limits


def client(host: str, wire: Wire, silence: float) -> ollama.Client:
    """The `ollama` client over this wire: with time limits, without proxies and redirects."""
    return ollama.Client(
        host=host,
        timeout=limits(silence),
        trust_env=False,
        follow_redirects=False,
        transport=wire,
        headers={"accept-encoding": "identity"},
    )
