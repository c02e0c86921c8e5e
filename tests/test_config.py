"""What a person set reaches the model, and a mistake is one line that names where it stands."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.config import INTERNAL, Config, LlmConfig, config_path, default_db, load_config
from socterm.errors import UsageError


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def _write(home: dict[str, str], text: str) -> Path:
    file = config_path(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_need_no_file(home: dict[str, str], tmp_path: Path) -> None:
    config = load_config(environ=home)
    assert config.db == tmp_path / ".local/share/socterm/socterm.db"
    assert (config.tail, config.syslog, config.journal, config.rules, config.tz) == ((), (), False, (), "")
    assert config.lateness == 5.0
    assert config.actor
    assert config.llm == LlmConfig(host="http://127.0.0.1:11434", model="", allow_remote=False)


def test_flags_win_over_environment_over_file(home: dict[str, str]) -> None:
    _write(home, 'tz = "Asia/Tokyo"\nlateness = 7\nactor = "file"\n[llm]\nmodel = "small"\n')
    environ = home | {
        "SOCTERM_LATENESS": "8",
        "SOCTERM_ACTOR": "environment",
        "SOCTERM_LLM_HOST": "http://[::1]:1",
    }
    config = load_config({"actor": "flag", "llm.model": None, "tail": ()}, environ=environ)
    assert (config.tz, config.lateness, config.actor) == ("Asia/Tokyo", 8.0, "flag")
    assert (config.llm.model, config.llm.host) == ("small", "http://[::1]:1")


def test_every_key_can_be_set_by_environment(home: dict[str, str]) -> None:
    values = {
        "DB": "~/x.db",
        "TAIL": "/var/log/auth.log, /var/log/*.log",
        "SYSLOG": "udp://127.0.0.1:5514",
        "JOURNAL": "1",
        "RULES": "/etc/rules",
        "TZ": "Europe/Berlin",
        "LATENESS": "1.5",
        "ACTOR": "erin",
        "LLM_HOST": "http://localhost:1",
        "LLM_MODEL": "m",
        "LLM_BACKEND": "scripted",
        "LLM_EMBED_MODEL": "e",
        "LLM_API_KEY": "k",
        "LLM_SCRIPT": "~/answers.yml",
        "LLM_CONTEXT": "4096",
        "LLM_TIMEOUT": "60",
        "LLM_SILENCE": "20",
        "LLM_SQL": "true",
        "LLM_ALLOW_REMOTE": "true",
        "ANALYST_BACKGROUND": "false",
        "ANALYST_BACKGROUND_LEVEL": "critical",
        "ANALYST_BACKGROUND_MOST": "7",
        "ANALYST_FAST": "true",
        "CONSOLE_THEME": "nord",
        "CONSOLE_FPS": "2",
        "CONSOLE_NOTIFY": "bell",
        "CONSOLE_NOTIFY_LEVEL": "critical",
        "CONSOLE_NOTIFY_MOST": "3",
        "CONSOLE_NOTIFY_EACH": "2",
        "FORMATS": "/srv/*.log=keyvalue, sshd",
        "ASSETS": "~/assets.csv",
        "IOC": "/etc/lists, /srv/bad.txt",
        "LISTS": "vpn=/srv/vpn.txt, bad=~/bad.txt",
        "PLACEHOLDERS": "admins=/srv/admins.txt",
        "NETWORKS_INTERNAL": "default, 198.51.100.7/24",
        "GEO_CITY": "/srv/city.mmdb",
        "GEO_COUNTRY": "/srv/country.mmdb",
        "GEO_ASN": "/srv/asn.mmdb",
        "RETENTION_OLDER": "30d",
        "RETENTION_MAX_SIZE": "5G",
        "RETENTION_CLOSED": "1w",
        "INCIDENTS_WINDOW": "2h",
        "INCIDENTS_CHAIN": "5m",
        "INCIDENTS_COMMON_USERS": "deploy, jump",
        "INCIDENTS_HALF_LIFE": "12h",
        "LISTEN_CERT": "/srv/server.pem",
        "LISTEN_KEY": "/srv/server.key",
        "LISTEN_CLIENT_CA": "/srv/ca.pem",
        "API_LISTEN": "[::1]:8514",
        "API_CERT": "/srv/server.pem",
        "API_KEY": "/srv/server.key",
        "API_CLIENT_CA": "/srv/ca.pem",
        "API_BEHIND_PROXY": "true",
        "API_BROWSER": "true",
        "API_PROXIES": "192.0.2.1",
        "API_HOSTS": "soc.example.org",
        "API_ORIGINS": "https://soc.example.org",
        "API_REQUESTS": "99",
        "NOTIFY_ON": "false",
        "NOTIFY_LEVEL": "critical",
        "NOTIFY_EACH": "2",
        "NOTIFY_WITHIN": "2h",
        "NOTIFY_MOST": "9",
        "NOTIFY_DIGEST": "15m",
        "NOTIFY_OLDER": "1h",
        "NOTIFY_CHANNELS": '{"ops": {"kind": "ntfy", "url": "https://push.example.org", "topic": "soc"}}',
    }
    sections = {
        "llm", "analyst", "console", "networks", "geo", "retention", "incidents", "listen", "api", "notify",
    }  # fmt: skip
    keys = {f"{section}_{key}" for section in sections for key in _fields(section)}
    assert {name.lower() for name in values} == set(Config.model_fields) - sections | keys
    config = load_config(environ=home | {f"SOCTERM_{name}": value for name, value in values.items()})
    assert config.db == Path("~/x.db").expanduser()
    assert config.tail == ("/var/log/auth.log", "/var/log/*.log")
    assert config.rules == (Path("/etc/rules"),)
    assert config.assets == Path("~/assets.csv").expanduser()
    assert config.ioc == (Path("/etc/lists"), Path("/srv/bad.txt"))
    assert config.lists == {"vpn": Path("/srv/vpn.txt"), "bad": Path("~/bad.txt").expanduser()}
    assert config.placeholders == {"admins": Path("/srv/admins.txt")}
    assert config.networks.internal == (*INTERNAL, "198.51.100.0/24")
    assert (config.geo.city, config.geo.asn) == (Path("/srv/city.mmdb"), Path("/srv/asn.mmdb"))
    assert (config.api.listen, config.api.client_ca) == ("[::1]:8514", Path("/srv/ca.pem"))
    assert config.llm.script == Path("~/answers.yml").expanduser()
    assert (config.llm.backend, config.llm.context, config.llm.silence) == ("scripted", 4096, 20)
    assert (config.console.notify, config.console.notify_level) == ("bell", "critical")
    assert (config.console.notify_most, config.console.notify_each) == (3, 2)
    assert (config.notify.on, config.notify.level, config.notify.digest) == (False, "critical", "15m")
    assert config.notify.channels["ops"].kind == "ntfy"
    assert (config.journal, config.tz, config.console.fps, config.llm.allow_remote) == (
        True,
        "Europe/Berlin",
        2,
        True,
    )


def _fields(section: str) -> set[str]:
    return set(type(Config.model_fields[section].default).model_fields)


def test_paths_in_the_file_are_relative_to_it(home: dict[str, str]) -> None:
    folder = _write(
        home,
        'db = "soc.db"\nrules = ["mine", "/etc/rules"]\ntail = ["-", "logs/*.log"]\nassets = "a.csv"\n'
        'ioc = ["bad"]\n[geo]\ncity = "c.mmdb"\n',
    ).parent
    config = load_config(environ=home)
    assert config.db == folder / "soc.db"
    assert config.rules == (folder / "mine", Path("/etc/rules"))
    assert config.tail == ("-", str(folder / "logs/*.log"))
    assert (config.assets, config.ioc) == (folder / "a.csv", (folder / "bad",))
    assert config.geo.city == folder / "c.mmdb"


@pytest.mark.parametrize("text", ["assets = '~nobody-at-all/a'", "tail = ['~nobody-at-all/a']"])
def test_a_home_of_nobody_is_said(home: dict[str, str], text: str) -> None:
    _write(home, text)
    with pytest.raises(UsageError, match="there is no such user"):
        load_config(environ=home)


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "lateness = " + "9" * 5_000])
def test_what_no_reader_of_toml_takes_is_said(home: dict[str, str], text: str) -> None:
    _write(home, text)
    with pytest.raises(UsageError, match="is not TOML"):
        load_config(environ=home)


def test_placeholders_are_values_or_files_beside_the_file(home: dict[str, str]) -> None:
    folder = _write(home, '[placeholders]\nAdmins = ["root", 7]\nhosts = "h.txt"\nnone = []\n').parent
    found = load_config(environ=home).placeholders
    assert found == {"Admins": ("root", "7"), "hosts": folder / "h.txt", "none": ()}


def test_xdg_folders_count_when_absolute(home: dict[str, str]) -> None:
    environ = home | {"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "relative"}
    assert config_path(environ) == Path("/c/socterm/config.toml")
    assert default_db(environ) == Path(home["HOME"], ".local/share/socterm/socterm.db")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("latenes = 3\n", "unknown key latenes; did you mean lateness?"),
        ("[llm]\nmodle = 'x'\n", "unknown key llm.modle; did you mean llm.model?"),
        ("[weather]\nrain = 1\n", "unknown key weather"),
        ("lateness = -1\n", "lateness: "),
        ("lateness = 'soon'\n", "lateness: "),
        ("[networks]\ninternal = ['ten']\n", "networks.internal: ten is no network"),
        ("tz = 'Mars/Olympus'\n", "tz: is no time zone"),
        ("tz = '../../etc/passwd'\n", "tz: is no time zone"),
        ("llm = 3\n", "llm: "),
        ("[console]\nfps = 0\n", "console.fps: "),
        ("tail = 7\n", "tail: "),
        ("actor = ''\n", "actor: "),
        ("[placeholders]\nadmins = 7\n", "placeholders.admins: is neither a list of values nor the path"),
        ("[placeholders]\nadmins = [true]\n", "placeholders.admins: is neither"),
        ("placeholders = 'root'\n", "placeholders: "),
        ("tail = [\n", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(home: dict[str, str], text: str, said: str) -> None:
    file = _write(home, text)
    with pytest.raises(UsageError) as caught:
        load_config(environ=home)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert said in message
    assert "\n" not in message


def test_a_mistake_elsewhere_names_variable_or_flag(home: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"^SOCTERM_CONSOLE_FPS: console\.fps: "):
        load_config(environ=home | {"SOCTERM_CONSOLE_FPS": "many"})
    with pytest.raises(UsageError, match=r"^--lateness: Input "):
        load_config({"lateness": "x"}, environ=home)


def test_a_section_that_is_no_table_is_named_even_with_environment(home: dict[str, str]) -> None:
    _write(home, "llm = 3\n")
    with pytest.raises(UsageError, match=r"config\.toml|SOCTERM_LLM_HOST"):
        load_config(environ=home | {"SOCTERM_LLM_HOST": "http://localhost"})


def test_a_named_file_must_exist(home: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: no such configuration file"):
        load_config(environ=home, path=tmp_path / "none.toml")
    with pytest.raises(UsageError, match="no such configuration file"):
        load_config(environ=home | {"SOCTERM_CONFIG": str(tmp_path / "gone.toml")})
    with pytest.raises(UsageError, match="cannot be read"):
        load_config(environ=home, path=tmp_path)


def test_a_strangers_variable_is_no_mistake(home: dict[str, str]) -> None:
    load_config(environ=home | {"SOCTERM_SERVICE_HOST": "10.0.0.1", "SOCTERM_CORPORA": "/x"})


_TOML_VALUES = st.one_of(
    st.text(max_size=20), st.integers(-5, 5), st.booleans(), st.lists(st.integers(), max_size=2)
)


@given(key=st.sampled_from([*Config.model_fields, "stranger"]), value=_TOML_VALUES)
def test_any_value_loads_or_is_a_usage_error(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: Any
) -> None:
    home = {"HOME": str(tmp_path_factory.getbasetemp())}
    with contextlib.suppress(UsageError):
        load_config({key: value}, environ=home)


def test_a_key_for_the_model_is_not_told_where_it_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[llm]\napi_key = ["planted-key"]\n')
    with pytest.raises(UsageError) as wrong:
        load_config(environ={"HOME": str(tmp_path)}, path=tmp_path / "c.toml")
    assert "llm.api_key" in str(wrong.value)
    assert "planted" not in str(wrong.value)
