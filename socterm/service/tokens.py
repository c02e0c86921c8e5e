"""Long-lived tokens of programs: random, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

MARK: Final = "soct_"
"""What they begin with, so that one that was lost somewhere is recognised."""


def new_token() -> tuple[str, bytes]:
    """(a new token, its digest); the token is shown once, the digest is what is kept."""
    token = MARK + secrets.token_urlsafe(32)
    return token, digest(token)


def digest(token: str) -> bytes:
    """What stands in the store instead of a token. It has 256 random bits: a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
