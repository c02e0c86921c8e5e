"""`socterm notify`, and alerts told by a running ingest; what is secret is found nowhere afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from socterm.cli import cli
from socterm.store import open_store
from tests.notify_servers import OK, Receiver, Request
from tests.scanning import RULES

HUSH = "correct-horse-battery"
SIGN = "signing-key-of-ours"
HOOK = "T0-B0-secret-path"
TOPIC = "a-topic-nobody-knows"


class Home:
    """A home folder with a configuration and secrets."""

    def __init__(self, path: Path, receiver: Receiver) -> None:
        self.path = path
        self.receiver = receiver
        self.db = path / "s.db"
        self.environ = {
            "HOME": str(path), "XDG_CONFIG_HOME": str(path / "config"), "XDG_DATA_HOME": str(path / "data"),
            "PATH": os.environ["PATH"], "XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"],
        }  # fmt: skip
        self.configure(
            f'[notify]\nlevel = "medium"\n[notify.channels.ops]\nkind = "webhook"\n'
            f'url_secret = "hook"\nsign_secret = "sign"\ntoken_secret = "token"\n'
            f'[notify.channels.phone]\nkind = "ntfy"\nurl = "{receiver.url}"\n'
            f'topic_secret = "topic"\ntoken_secret = "token"\nlevel = "critical"\n'
        )
        folder = path / "data" / "socterm" / "secrets"
        folder.mkdir(parents=True)
        for name, text in (
            ("hook", f"{receiver.url}/{HOOK}"), ("sign", SIGN), ("token", HUSH), ("topic", TOPIC),
        ):  # fmt: skip
            (folder / name).write_text(text + "\n")
            (folder / name).chmod(0o600)

    def configure(self, text: str) -> None:
        file = self.path / "config" / "socterm" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "[analyst]\nbackground = false\n")

    def call(self, *arguments: str) -> Result:
        return CliRunner().invoke(cli, ["notify", *arguments])

    def start(self, log: Path, rules: Path) -> subprocess.Popen[str]:
        """`socterm run` with these rules alone: to try the whole pack takes its time."""
        script = (
            "import pathlib, socterm.cli, socterm.cli.wiring as wiring\n"
            f"wiring.rules_dir = lambda: pathlib.Path({str(rules)!r})\n"
            "socterm.cli.main()\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", script, "run", "--db", str(self.db), "--tail", str(log), "--from-start"],
            env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with Receiver() as receiver:
        made = Home(tmp_path, receiver)
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        yield made


def test_a_test_says_what_each_server_answered(home: Home) -> None:
    home.receiver.answer = lambda request: OK if request.path == f"/{HOOK}" else (403, {}, HUSH.encode())
    result = home.call("test")
    assert result.exit_code == 3
    assert result.output.splitlines() == [
        "ops  webhook  secret hook  sent: HTTP 200 thanks",
        f"phone  ntfy  127.0.0.1:{home.receiver.port}  NOT SENT: HTTP 403 [secret]",
    ]
    assert [request.said.get("kind", "ntfy") for request in home.receiver.got] == ["test", "ntfy"]
    one = home.call("test", "ops", "--json")
    assert one.exit_code == 0
    assert json.loads(one.output) == {
        "channel": "ops", "kind": "webhook", "where": "secret hook", "sent": True,
        "answer": "HTTP 200 thanks",
    }  # fmt: skip
    assert len(home.receiver.got) == 3


def test_mistakes_are_one_line(home: Home) -> None:
    unknown = home.call("test", "fax")
    assert "there are ops, phone" in str(unknown.exception)
    (home.path / "data/socterm/secrets/hook").chmod(0o644)
    others = home.call("test", "ops")
    assert "others may read" in others.output
    assert others.exit_code == 3
    home.configure("")
    assert "no channel is configured" in str(home.call("test").exception)
    home.configure('[notify.channels.ops]\nkind = "webhook"\nurl = "https://ann:hunter2@example.org/"\n')
    refused = str(home.call("test").exception)
    assert "notify.channels.ops.webhook.url: has a password in it" in refused
    assert "hunter2" not in refused


@pytest.mark.parametrize(
    "channel",
    [
        'kind = "apprise"\nurl_secret = "mailto://ann:hunter2@example.org"',
        'kind = "webhook"\nurl_secret = "https://example.org/hunter2"',
        'kind = "ntfy"\nurl = "https://example.org"\ntopic = "a"\ntoken_secret = "hunter2 hunter2"',
        'kind = "smtp"\nhost = "h"\nsender = "a@b.c"\nto = "a@b.c"\nuser = "u"\npassword_secret = "hunter2!"',
    ],
)
def test_a_secret_in_the_place_of_its_name_is_refused_and_shown_nowhere(home: Home, channel: str) -> None:
    home.configure(f"[notify.channels.ops]\n{channel}\n")
    for call in (("test",), ("status", "--db", str(home.db))):
        refused = home.call(*call)
        assert "_secret: is no name of a secret" in str(refused.exception)
        assert "hunter2" not in str(refused.exception) + refused.output


def login_lines(count: int) -> str:
    """Failed logins of now, one address each rule firing."""
    from datetime import UTC, datetime

    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00")
    return "".join(
        f"{stamp} web01 sshd[{100 + n}]: Failed password for root from 203.0.113.9 port {40000 + n} ssh2\n"
        for n in range(count)
    )


def everything(folder: Path) -> str:
    """All bytes of the store's files."""
    return "".join(file.read_bytes().decode("latin-1") for file in folder.glob("s.db*"))


def test_a_running_ingest_tells_and_no_secret_is_left_anywhere(home: Home, tmp_path: Path) -> None:
    log, rules = tmp_path / "auth.log", tmp_path / "rules.yml"
    log.write_text(login_lines(9))
    rules.write_text(RULES)
    heard, asked = threading.Event(), []

    def answer(request: Request) -> Any:
        if request.said.get("alert", {}).get("title", "").startswith("Brute force"):
            asked.append(Path(f"/proc/{process.pid}/cmdline").read_text())
            heard.set()
            return (500, {}, f"no, {HUSH} {SIGN} {HOOK}".encode()) if len(asked) == 1 else OK
        return OK

    home.receiver.answer = answer
    process = home.start(log, rules)
    try:
        assert heard.wait(60)
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    request = home.receiver.got[0]
    assert request.path == f"/{HOOK}"
    assert request.headers["authorization"] == f"Bearer {HUSH}"
    assert request.headers["webhook-signature"].startswith("v1,")
    status = home.call("status", "--db", str(home.db))
    assert status.exit_code == 0
    found = json.loads(home.call("status", "--db", str(home.db), "--json").output.splitlines()[0])
    assert (found["channel"], found["where"], found["level"]) == ("ops", "secret hook", "medium")
    assert found["waiting"] + found["sent"] >= 1
    dumped = CliRunner().invoke(cli, ["db", "canonical", str(home.db)]).output
    told = out + err + status.output + json.dumps(found) + dumped + everything(tmp_path) + asked[0]
    assert "Brute force" in told
    for secret in (HUSH, SIGN, HOOK, TOPIC):
        assert secret not in told


def test_the_state_of_channels(home: Home) -> None:
    with open_store(home.db) as store:
        store.outbox.begin("ops", 1)
        store.outbox.begin("old", 1)
        store.outbox.failing("ops", 1_795_168_800_000_000, 60_000_000)
    lines = home.call("status", "--db", str(home.db)).output.splitlines()
    assert lines[0].split()[:4] == ["CHANNEL", "KIND", "WHERE", "FROM"]
    assert lines[1].startswith("ops ")
    assert "next try 2026-11-20T10:01:00Z" in lines[1]
    assert lines[2].startswith("phone ")
    assert "not configured any more" in lines[3]
    home.configure(
        "[notify]\non = false\n[notify.channels.ops]\nkind = 'webhook'\nurl = 'https://example.org'\n"
    )
    assert "notify.on is false" in home.call("status", "--db", str(home.db)).output
    home.configure("")
    (home.path / "none.db").touch()
    assert "no channel" in home.call("status", "--db", str(new_store(home.path))).output


def new_store(folder: Path) -> Path:
    open_store(folder / "new.db").close()
    return folder / "new.db"


def test_a_channel_that_apprise_is_missing_for_ends_the_run_with_a_line(home: Home, tmp_path: Path) -> None:
    home.configure('[notify.channels.x]\nkind = "apprise"\nurl_secret = "hook"\n')
    script = (
        "import sys\nsys.modules['apprise'] = None\n"
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'apprise' else real(name, *more)\n"
        f"sys.argv = ['socterm', 'run', '--db', {str(home.db)!r}, '--tail', {str(tmp_path / 'a.log')!r}]\n"
        "from socterm.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=home.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].endswith(
        "a channel of kind apprise needs Apprise: pip install 'socterm[notify]'"
    )


def test_the_demo_tells_nobody(home: Home) -> None:
    from socterm.cli.demo import _stage

    with _stage(None) as (config, _folder):
        assert config.notify.channels == {}


def test_nobody_listens_where_nothing_is_configured(home: Home) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        home.configure(
            f'[notify.channels.a]\nkind = "webhook"\nurl = "http://127.0.0.1:{free.getsockname()[1]}"\n'
        )
        assert "NOT SENT: Connection refused" in home.call("test").output
