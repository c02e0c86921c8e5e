"""Rules and sample logs are found from a checkout and from an installed wheel alike."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from socterm import assets
from socterm.errors import SoctermError

ROOT = Path(__file__).resolve().parent.parent


def test_the_checkout_has_them_beside_the_package() -> None:
    assert assets.rules_dir() == ROOT / "rules"
    assert assets.sample_logs_dir() == ROOT / "sample_logs"


def test_a_wheel_has_them_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "socterm"
    (package / "_data" / "rules").mkdir(parents=True)
    (tmp_path / "site-packages" / "rules").mkdir()
    assert assets._find("rules", package) == package / "_data" / "rules"


def test_a_strangers_folder_is_not_ours(tmp_path: Path) -> None:
    """site-packages may hold a package named `rules`; without a checkout around it, that is not ours."""
    (tmp_path / "rules").mkdir()
    with pytest.raises(SoctermError, match="install socterm again"):
        assets._find("rules", tmp_path / "socterm")


@pytest.mark.e2e
def test_the_built_wheel_carries_every_file(tmp_path: Path) -> None:
    """Built by pip as a user would; then read from its unpacked form with nothing else on the path."""
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("socterm-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    shown = subprocess.run(
        [sys.executable, "-c", "from socterm.assets import *; print(rules_dir()); print(sample_logs_dir())"],
        env={"PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    for name, found in zip(("rules", "sample_logs"), shown.stdout.split(), strict=True):
        assert Path(found) == tmp_path / "site" / "socterm" / "_data" / name
        tracked = {p.relative_to(ROOT / name) for p in (ROOT / name).rglob("*") if p.is_file()}
        assert tracked == {p.relative_to(found) for p in Path(found).rglob("*") if p.is_file()}
