"""The systemd unit: what systemd itself says of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from socterm.cli.wiring import specs_of
from socterm.config import load_config
from tests.e2e.road import socterm

pytestmark = pytest.mark.e2e

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
UNIT = PACKAGING / "socterm.service"
MOST = 2.0
"""The exposure that systemd may find at most; a unit that says nothing has 9.6."""


def settings(name: str) -> list[str]:
    """The values of a setting of the unit."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


def test_the_exposure_is_low() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST * 10:.0f}", UNIT],
        capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    found = re.search(r"Overall exposure level for socterm\.service: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= MOST
    assert done.returncode == 0


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """The program is another one here: `verify` wants it to be there."""
    (tmp_path / "socterm.service").write_text(UNIT.read_text().replace("/usr/bin/socterm", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / "socterm.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0


def test_it_starts_what_there_is(tmp_path: Path) -> None:
    (command,) = settings("ExecStart")
    assert command.split()[:2] == ["/usr/bin/socterm", "run"]
    assert "--config" in socterm("run", "--help", home=tmp_path)
    assert settings("Type") == ["notify"]
    assert settings("WatchdogSec")


def test_the_configuration_that_comes_with_it_can_stand(tmp_path: Path) -> None:
    config = load_config(environ={"HOME": str(tmp_path)}, path=PACKAGING / "config.toml")
    assert config.db == Path("/var/lib/socterm/socterm.db")
    assert specs_of(config, {}) == ["/var/log/auth.log"]
    assert settings("StateDirectory") == ["socterm"]
    assert settings("StateDirectoryMode") == ["0700"]


def test_its_user_may_read_by_hand_what_the_service_may(tmp_path: Path) -> None:
    """Who looks for what is amiss does it as this user: groups of the unit alone would be missed."""
    (tmp_path / "etc").mkdir()
    users = tmp_path / "usr/lib/sysusers.d/socterm.conf"
    users.parent.mkdir(parents=True)
    users.write_text((PACKAGING / "socterm.sysusers").read_text())
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}"], check=True, capture_output=True)
    lines = [line.split(":") for line in (tmp_path / "etc/group").read_text().splitlines()]
    of = {name for name, _, _, members in lines if "socterm" in members.split(",")}
    (groups,) = settings("SupplementaryGroups")
    assert of == set(groups.split())
    assert [line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()] == settings(
        "User"
    )


@pytest.mark.parametrize(
    ("file", "form"),
    [("deb/build", r"^extras=\$\{EXTRAS-([a-z,]+)\}$"), ("Containerfile", r"/source\[([a-z,]+)\]")],
)
def test_packages_bring_what_a_service_can_use(file: str, form: str) -> None:
    """All that people may switch on, but for what is big (numpy) and what only we need."""
    project = tomllib.loads((PACKAGING.parent / "pyproject.toml").read_text())
    (brought,) = re.findall(form, (PACKAGING / file).read_text(), re.MULTILINE)
    extras = set(project["project"]["optional-dependencies"])
    assert set(brought.split(",")) == extras - {"dev", "fuzz", "search"}
