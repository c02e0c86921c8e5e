"""What docs/sending.md tells people to write is taken from there word for word, and works."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.machine import free_port
from tests.e2e.road import lines_stored, running, socterm, until

pytestmark = pytest.mark.e2e

DOCS = Path(__file__).parents[2] / "docs" / "sending.md"

INPUT = """
global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log")
"""
"""All that stands around what the page says: where the messages come from."""


def told(heading: str) -> list[str]:
    """The blocks of a section; "" is what stands before the first."""
    sections = re.split(r"^## (.*)\n", DOCS.read_text(), flags=re.MULTILINE)
    texts = dict(zip(["", *sections[1::2]], sections[::2], strict=True))
    return re.findall(r"^```\w*\n(.*?)^```", texts[heading], flags=re.MULTILINE | re.DOTALL)


@contextlib.contextmanager
def rsyslogd(folder: Path, told_to: str) -> Iterator[Path]:
    """One with a page's configuration; the socket it hears this machine's programs at."""
    folder.mkdir()
    (folder / "conf").write_text(INPUT.format(folder=folder) + told_to)
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            ["rsyslogd", "-n", "-f", folder / "conf", "-i", folder / "pid"],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
        try:
            until((folder / "log").exists, "rsyslogd")
            yield folder / "log"
        finally:
            process.kill()
            process.wait()
    assert (folder / "said").read_text() == ""


def listening(port: int) -> bool:
    """Whether the listener is there."""
    with socket.socket() as look:
        return look.connect_ex(("127.0.0.1", port)) == 0


def test_logger_and_rsyslog_as_told(tmp_path: Path) -> None:
    """Each of the two lines for logger, and both actions for rsyslog, which send auth and nothing else."""
    tcp, tls = free_port(), free_port()
    pki, db = tmp_path / "tls", tmp_path / "s.db"

    def here(text: str) -> str:
        """The page's, at this machine's addresses and paths."""
        text = text.replace('target="soc.example.org"', 'target="127.0.0.1"').replace(
            "/etc/socterm", str(pki)
        )
        return re.sub(r"\b6514\b", str(tls), re.sub(r"\b5514\b", str(tcp), text)).replace(
            "0.0.0.0", "127.0.0.1"
        )

    socterm("tls", "init", pki, "--name", "soc.example.org", home=tmp_path)
    socterm("tls", "client", pki, "web01", home=tmp_path)
    (tmp_path / "c.toml").write_text(here(told("")[0]))
    plain, secured = map(here, told("rsyslog"))
    with (
        running("--config", tmp_path / "c.toml", "--db", db, home=tmp_path),
        rsyslogd(tmp_path / "r1", plain) as one,
        rsyslogd(tmp_path / "r2", secured) as two,
    ):
        until(lambda: listening(tcp) and listening(tls), "the listeners")
        for line in here(told("logger")[0]).splitlines():
            subprocess.run(["sh", "-c", line], check=True)
        for at in (one, two):
            for facility in ("daemon", "auth", "authpriv"):
                command = ["logger", "-u", at, "-p", f"{facility}.info", "-t", "sshd", f"of {facility}"]
                subprocess.run(command, check=True)
        until(lambda: lines_stored(db, tmp_path) == 6, "two of logger, two of each rsyslogd")
    found = socterm("search", "", "--json", "--db", db, home=tmp_path).splitlines()
    came = sorted((row["socterm.source"].split(":")[1], row["message"]) for row in map(json.loads, found))
    assert came == [
        ("tcp", "message"), ("tcp", "of auth"), ("tcp", "of authpriv"),
        ("tls", "of auth"), ("tls", "of authpriv"), ("udp", "message"),
    ]  # fmt: skip
