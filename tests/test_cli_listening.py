"""`socterm run --syslog URL`: what cannot be listened on is one line, what can stands among the sources."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from socterm.cli import cli
from socterm.cli.settings import clock, configure
from socterm.cli.wiring import specs_of
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.ingest import Pipeline
from socterm.sigma.model import RuleSet
from socterm.sources.opening import Opener
from socterm.store.ingest.writer import Writer


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["run", *map(str, arguments)])


def test_a_port_that_is_taken_is_one_line(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = run("--syslog", f"tcp://127.0.0.1:{port}", "--db", home / "s.db").exception
    assert isinstance(said, SoctermError)
    assert said.exit_code == 3
    assert str(said).startswith(f"cannot listen on tcp://127.0.0.1:{port}: another program has the port")
    assert "\n" not in str(said)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", "tls://:6514: set listen.cert in the configuration; `socterm tls init DIR` makes what it needs"),
        ('[listen]\ncert = "a.pem"\nkey = "a.key"\n', "listen.cert: {home}/a.pem: No such file or directory"),
        (
            '[listen]\ncert = "pki/server.pem"\nkey = "pki/client.key"\n',
            "listen.key: {home}/pki/client.key is not the key of listen.cert {home}/pki/server.pem",
        ),
    ],
)
def test_tls_that_cannot_work_is_told_before_anything_is_opened(home: Path, config: str, said: str) -> None:
    assert CliRunner().invoke(cli, ["tls", "init", str(home / "pki")]).exit_code == 0
    (home / "c.toml").write_text(config)
    error = run("--syslog", "tls://:6514", "--config", home / "c.toml", "--db", home / "s.db").exception
    assert str(error) == said.format(home=home)
    assert not (home / "s.db").exists()


def test_a_listener_has_no_end_to_read_to(home: Path) -> None:
    error = run("--once", "--syslog", "tcp://127.0.0.1:0", "--db", home / "s.db").exception
    assert isinstance(error, UsageError)
    assert "has no end to read to" in str(error)


def test_all_three_kinds_from_one_configuration(home: Path) -> None:
    """As `run` wires them; what came stands under each source's name in `sources list`."""
    CliRunner().invoke(cli, ["tls", "init", str(home / "pki")])
    (home / "c.toml").write_text(
        'syslog = ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "tls://127.0.0.1:0"]\n'
        '[listen]\ncert = "pki/server.pem"\nkey = "pki/server.key"\n'
    )
    config = configure({"config": home / "c.toml", "db": home / "s.db"})
    writer = Writer.open(config.db, now=clock())
    opener = Opener(specs_of(config, {}), bookmark=lambda _name: None, clock=clock, listen=config.listen)
    pipeline = Pipeline(writer, writer.load_state(), RuleSet({}, []), opener, clock=clock)
    ports = {kind: source.port for kind, source in _by_kind(opener).items()}
    stop = threading.Event()
    pipeline.on_commit(lambda: stop.set() if pipeline.refresh().lines >= 2 else None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"<13>over udp", ("127.0.0.1", ports["udp"]))
    with socket.create_connection(("127.0.0.1", ports["tcp"])) as out:
        out.sendall(b"<13>over tcp\n")
    with socket.create_connection(("127.0.0.1", ports["tls"])) as out:
        out.sendall(b"<13>not over tls\n")
        pipeline.run(stop)
    writer.close()
    found = CliRunner().invoke(cli, ["sources", "list", "--json", "--db", str(home / "s.db")]).output
    rows = {row["name"].split(":")[1]: row for row in map(json.loads, found.splitlines())}
    assert {kind: row["lines"] for kind, row in rows.items()} == {"udp": 1, "tcp": 1, "tls": 0}
    assert rows["tls"]["drops"] == {"not TLS": 1}
    assert "have it use TLS" in rows["tls"]["note"]


def _by_kind(opener: Opener) -> dict[str, Any]:
    return {name.split(":")[1]: source for name, source in opener._sources.items()}
