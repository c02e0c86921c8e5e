"""What listeners need that no URL can say."""

from __future__ import annotations

from socterm.config.kinds import HomePath, Section


class ListenConfig(Section):
    """What `tls://` listeners show to senders and ask of them. See `docs/sources.md`.

    `cert` and `key` are PEM files, the certificate with those between it and its CA behind it. With
    `client_ca` a sender has to show a certificate of that CA. `socterm tls init` makes all of them.
    """

    cert: HomePath | None = None
    key: HomePath | None = None
    client_ca: HomePath | None = None
