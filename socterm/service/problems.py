"""What goes wrong, as an answer: one status, one short code for programs, one line for people."""

from __future__ import annotations

from collections.abc import Mapping


class RequestError(Exception):
    """A request that cannot be answered as asked; becomes `{"error": {"code": …, "message": …}}`.

    `position` is the character of a query (from 0) where it went wrong.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        position: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.position = position

    def body(self) -> dict[str, object]:
        """What the answer says."""
        told: dict[str, object] = {"code": self.code, "message": self.message}
        if self.position is not None:
            told["position"] = self.position
        return {"error": told}


def unauthorised(why: str) -> RequestError:
    """401, with what a client is to come with (RFC 6750, section 3)."""
    return RequestError(401, "unauthorised", why, {"WWW-Authenticate": 'Bearer realm="socterm"'})
