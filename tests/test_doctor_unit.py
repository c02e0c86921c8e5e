"""`socterm doctor` beside a service: it looks as that service does, though a person runs it."""

from __future__ import annotations

import os
import pwd
from itertools import takewhile
from pathlib import Path

import pytest
from socterm.cli.doctor import examined
from socterm.pipeline.doctor import unit
from socterm.pipeline.doctor.unit import Unit, found, understood
from tests.e2e.road import environment

PACKAGED = Path(__file__).parents[1] / "packaging/socterm.service"

ADDED = """
# /etc/systemd/system/socterm.service.d/override.conf
[Unit]
LoadCredential=no:/such/section
[Service]
LoadCredential=gone:/etc/gone
LoadCredential=
LoadCredential=hook:/etc/socterm/credentials/hook
SetCredential=plain:planted-value
Environment="XDG_CONFIG_HOME=/etc/with blanks" \\
  SOCTERM_TZ=UTC PATH=/evil LD_PRELOAD=/evil.so
; LoadCredential=comment:/x
"""


def systemctl(folder: Path, text: str, code: int = 0) -> Path:
    """A systemctl that knows one unit."""
    (folder / "unit").write_text(text)
    program = folder / "systemctl"
    program.write_text(
        f'#!/bin/sh\n[ "$*" = "cat --no-pager socterm.service" ] && cat {folder}/unit\nexit {code}\n'
    )
    program.chmod(0o755)
    return program


def test_the_unit_that_comes_with_it_is_understood() -> None:
    service = understood(PACKAGED.read_text() + ADDED)
    assert service.user == "socterm"
    assert service.reads(Path("/etc/socterm/config.toml"))
    assert not service.reads(Path("/etc/socterm/other.toml"))
    assert service.credentials == {"hook", "plain"}
    assert service.environment == {
        "XDG_DATA_HOME": "/var/lib", "XDG_CACHE_HOME": "/var/cache",
        "XDG_CONFIG_HOME": "/etc/with blanks", "SOCTERM_TZ": "UTC",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "[Service]\nExecStart='\nEnvironment=\"\n", "no unit\x00\x1b[31m"])
def test_what_is_no_unit_is_none(text: str) -> None:
    assert understood(text) == Unit("", "'" if "'" in text else "", {}, frozenset())


def test_a_service_of_another_configuration_is_not_ours(tmp_path: Path) -> None:
    program = str(systemctl(tmp_path, PACKAGED.read_text()))
    assert found(Path("/etc/socterm/config.toml"), program).user == "socterm"
    assert found(tmp_path / "config.toml", program) == unit.NONE
    assert found(Path("/etc/socterm/config.toml"), str(tmp_path / "none")) == unit.NONE
    systemctl(tmp_path, PACKAGED.read_text(), code=1)
    assert found(Path("/etc/socterm/config.toml"), program) == unit.NONE


def test_who_looks_has_the_rights_of_the_service_or_is_told() -> None:
    me = os.geteuid()
    service = Unit(pwd.getpwuid(me).pw_name, "", {}, frozenset())
    assert [row.verdict for row in unit.user(service, me)] == ["ok"]
    assert [row.verdict for row in unit.user(service, me + 1)] == ["warn"]
    assert [row.verdict for row in unit.user(Unit("nobody-such", "", {}, frozenset()), me)] == ["warn"]
    assert list(unit.user(unit.NONE, me)) == []


def test_secrets_of_the_service_are_no_failure_of_who_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is a credential, which only the service can read; one lies in the service's own folder."""
    config, kept = tmp_path / "c.toml", tmp_path / "state/socterm/secrets"
    kept.mkdir(parents=True, mode=0o700)
    (kept / "filed").write_text("planted-file")
    (kept / "filed").chmod(0o600)
    channel = '[notify.channels.{0}]\nkind = "webhook"\nurl = "https://192.0.2.7/"\nsign_secret = "{0}"\n'
    config.write_text("".join(channel.format(name) for name in ("hook", "filed", "absent")))
    text = (PACKAGED.read_text() + ADDED).replace("/etc/socterm/config.toml", str(config))
    systemctl(tmp_path, text.replace("XDG_DATA_HOME=/var/lib", f"XDG_DATA_HOME={tmp_path}/state"))
    named = environment(tmp_path)
    monkeypatch.setattr(os, "environ", named | {"PATH": f"{tmp_path}:{named['PATH']}"})
    looks = examined({"db": tmp_path / "s.db", "config": config})
    rows = list(takewhile(lambda row: row.what in ("user", "configuration", "secret"), looks))
    assert [row.verdict for row in rows if row.what == "user"] == ["warn"]
    secrets = {row.said.split(".")[2]: row for row in rows if row.what == "secret"}
    found = {name: row.verdict for name, row in secrets.items()}
    assert found == {"hook": "ok", "filed": "ok", "absent": "bad"}
    assert f"{tmp_path}/state/socterm/secrets/absent" in secrets["absent"].said
    assert "planted" not in str(rows)
