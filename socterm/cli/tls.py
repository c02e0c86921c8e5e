"""`socterm tls`: certificates for a syslog listener over TLS and for those who send to it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

import click

from socterm.cli.settings import clock
from socterm.errors import SoctermError, UsageError

if TYPE_CHECKING:
    from socterm.cli.certificates import Pair

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_HOST: Final = re.compile(r"[A-Za-z0-9_.:*-]{1,253}")
_HERE: Final = ("localhost", "127.0.0.1", "::1")

_DAYS = click.option(
    "--days", type=click.IntRange(1, 3650), default=825, show_default=True, help="How long they are valid."
)


@click.group()
def tls() -> None:
    """Make certificates for syslog over TLS."""


@tls.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--name", "names", multiple=True, metavar="HOST",
    help="A name or address that senders connect to; may be repeated. This machine's are in it anyhow.",
)  # fmt: skip
@_DAYS
def init(folder: Path, names: tuple[str, ...], days: int) -> None:
    """Write a CA, a certificate for the listener and one for a sender into DIR; say what goes where.

    Nothing that is there is overwritten. Keys can be read by their owner only.
    """
    for name in names:
        if not _HOST.fullmatch(name):
            raise UsageError(f"--name {name!r}: is no host name and no address")
    now = datetime.fromtimestamp(clock() / 1_000_000, UTC)
    hosts = tuple(dict.fromkeys((*names, *_this_machine(), *_HERE)))
    from_ = _certificates()
    ca = from_.make_ca(now)
    server = from_.make_server(ca, hosts, now, days)
    client = from_.make_client(ca, "client", now, days)
    folder = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100 - links stay as named
    _write(folder, {"ca": ca, "server": server, "client": client})
    click.echo(_TOLD.format(folder=folder, names=", ".join(hosts), days=days, host=hosts[0]))


@tls.command("client")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("name")
@_DAYS
def client(folder: Path, name: str, days: int) -> None:
    """Write one more sender's certificate, NAME.pem and NAME.key, signed by the CA in DIR."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"NAME {name!r}: letters, digits, dots and hyphens, as in a host name")
    folder = folder.expanduser()
    made = _certificates()
    try:
        ca = made.Pair((folder / "ca.pem").read_bytes(), (folder / "ca.key").read_bytes())
        pair = made.make_client(ca, name, datetime.fromtimestamp(clock() / 1_000_000, UTC), days)
    except OSError as error:
        raise SoctermError(f"{error.filename}: {error.strerror}; socterm tls init DIR makes a CA") from None
    except ValueError as error:
        raise SoctermError(f"{folder}/ca.pem, ca.key: {' '.join(str(error).split())}") from None
    _write(folder, {name: pair})
    click.echo(f"{folder}/{name}.pem and {name}.key are for the sender, together with ca.pem.")


def _certificates() -> ModuleType:
    """The room that needs the extra; SoctermError without it."""
    try:
        from socterm.cli import certificates
    except ImportError:
        raise SoctermError("to make certificates: pip install 'socterm[tls]'") from None
    return certificates


def _this_machine() -> Sequence[str]:
    """What this machine calls itself, where that is a name a certificate can hold."""
    name = socket.gethostname()
    return (name,) if _HOST.fullmatch(name) else ()


def _write(folder: Path, pairs: Mapping[str, Pair]) -> None:
    """All of them or none, each new. Raises UsageError where one is there."""
    texts = {
        f"{name}.{end}": text
        for name, pair in pairs.items()
        for end, text in (("key", pair.key), ("pem", pair.cert))
    }
    written: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in texts.items():
            path = folder / name
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            written.append(path)
            with os.fdopen(handle, "wb") as out:
                out.write(text)
            if name.endswith(".pem"):
                path.chmod(0o644)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError) and Path(str(error.filename)) != folder:
            raise UsageError(f"{error.filename} is there already: name another folder") from None
        raise SoctermError(f"{error.filename or folder} cannot be written: {error.strerror}") from None


_TOLD: Final = """\
Written to {folder}, valid for {days} days (the CA ten years):
  server.pem server.key   the listener's, for {names}
  client.pem client.key   a sender's; one more each: socterm tls client {folder} NAME
  ca.pem                  goes to every sender, to know the listener by
  ca.key                  makes more of them: keep it away from senders, best off this machine

In the configuration (the user socterm runs as must be able to read server.key):
  syslog = ["tls://0.0.0.0:6514"]
  [listen]
  cert = "{folder}/server.pem"
  key = "{folder}/server.key"
  client_ca = "{folder}/ca.pem"    # without it anybody may send

On the sender, for rsyslog with the package rsyslog-gnutls or rsyslog-openssl (others: docs/sending.md):
  global(DefaultNetstreamDriverCAFile="/etc/socterm/ca.pem"
         DefaultNetstreamDriverCertFile="/etc/socterm/client.pem"
         DefaultNetstreamDriverKeyFile="/etc/socterm/client.key")
  action(type="omfwd" target="{host}" port="6514" protocol="tcp" TCP_Framing="octet-counted"
         StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
         StreamDriverPermittedPeers="{host}" template="RSYSLOG_SyslogProtocol23Format")"""
