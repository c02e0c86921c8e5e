"""`socterm doctor`: each thing that can be amiss is told with what to do, and no secret ever."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from socterm.analyst.backend import Health
from socterm.cli.certificates import make_ca, make_server
from socterm.cli.doctor import examined
from socterm.config import Config, ListenConfig, LlmConfig
from socterm.errors import StoreError
from socterm.pipeline.doctor import Row, intake, machine, settings, stored
from socterm.pipeline.doctor.hiding import Hider
from socterm.sigma.load import load_rules
from socterm.sources.address import parse_address
from socterm.store.ingest.writer import Writer
from socterm.store.upkeep.health import StoreHealth, health
from tests.e2e.road import SOCTERM, environment

from store_samples import NOW, alerted, batch, login
from test_store_migrations import first_version

DAY = 86_400_000_000
MIB = 1 << 20


def doctor(home: Path, *arguments: object, **more: str) -> tuple[int, list[Row], str]:
    """Exit code, rows, and all that was written."""
    done = subprocess.run(
        [*SOCTERM, "doctor", "--json", *map(str, arguments)],
        env=environment(home) | more, capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = [Row(**json.loads(line)) for line in done.stdout.splitlines()]
    return done.returncode, rows, done.stdout + done.stderr


def verdicts(rows: list[Row]) -> dict[str, str]:
    return {row.what: row.verdict for row in rows}


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, where the tests have them."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


# -- the whole


def test_a_sound_machine_is_looked_at_without_changing_it(tmp_path: Path) -> None:
    db, log, config = tmp_path / "s.db", tmp_path / "auth.log", tmp_path / "c.toml"
    alerted(db, 1).close()
    log.write_text("")
    config.write_text(f'tail = ["{log}"]\ntz = "Europe/Berlin"\n[llm]\nbackend = "none"\n')
    before, files = db.read_bytes(), sorted(path.name for path in tmp_path.iterdir())
    code, rows, said = doctor(tmp_path, "--db", db, "--config", config)
    assert code == 0, said
    assert [row for row in rows if row.verdict == "bad"] == []
    found = verdicts(rows)
    named = (
        "configuration", "log", "receive buffer", "descriptors", "store rights", "store", "schema", "ingest",
        "losses", "disk", "rules", "model", "time zone", "clock", "time service",
    )  # fmt: skip
    assert set(named) <= set(found)
    assert all(row.todo for row in rows if row.verdict != "ok")
    assert db.read_bytes() == before
    there = sorted(path.name for path in tmp_path.iterdir() if not path.name.endswith(("-wal", "-shm")))
    assert [name for name in there if name != ".cache"] == files


def test_what_does_not_work_is_exit_code_1(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[retention]\nolder = "soon"\n')
    code, rows, said = doctor(tmp_path, "--config", config)
    assert code == 1, said
    assert rows[0].verdict == "bad"
    assert "retention.older" in rows[0].said
    assert verdicts(rows)["descriptors"]  # the machine is looked at all the same


def test_for_people_it_is_a_line_a_finding_and_what_to_do(tmp_path: Path) -> None:
    log = tmp_path / "\x1b31m.log"
    done = subprocess.run(
        [*SOCTERM, "doctor", "--db", str(tmp_path / "s.db")],
        env=environment(tmp_path) | {"SOCTERM_TAIL": str(log), "SOCTERM_LLM_BACKEND": "none"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("warn log"))
    assert "␛31m.log is not there yet" in lines[place]
    assert lines[place + 1].strip().startswith("→ ")
    assert "\x1b" not in done.stdout


SECRETS = {
    "api": "planted-api-key-1", "env": "planted-env-secret-2", "file": "planted-file-secret-3",
    "credential": "planted-credential-4", "url": "planted-url-password-5", "other": "planted-other-token-6",
}  # fmt: skip


@pytest.mark.parametrize("broken", ["", 'api_key = ["{api}"]', "[llm.api_key.{api}]", "context = '{api}'"])
def test_no_secret_is_ever_shown(tmp_path: Path, broken: str) -> None:
    """Whether it stands where it belongs, where it does not, or in what a library says about it."""
    config, kept, handed = tmp_path / "c.toml", tmp_path / "data/socterm/secrets", tmp_path / "handed"
    kept.mkdir(parents=True, mode=0o700)
    handed.mkdir()
    (kept / "mail").write_text(SECRETS["file"] + "\n")
    (kept / "mail").chmod(0o644)  # which is told
    (handed / "hook").write_text(SECRETS["credential"])
    config.write_text(
        f'tail = ["/var/log/{SECRETS["credential"]}.log"]\n'
        f'syslog = ["udp://soc:{SECRETS["url"]}@127.0.0.1:5514", "tcp://127.0.0.1:{SECRETS["env"]}"]\n'
        f'[llm]\nhost = "http://soc:{SECRETS["url"]}@127.0.0.1:9"\nmodel = "m"\n'
        + (broken.format(**SECRETS) if broken else f'api_key = "{SECRETS["api"]}"')
        + "\n"
    )
    variables = {
        "SOCTERM_SECRET_MAIL": SECRETS["env"], "AWS_SECRET_ACCESS_KEY": SECRETS["other"],
        "CREDENTIALS_DIRECTORY": str(handed), "XDG_DATA_HOME": str(tmp_path / "data"),
    }  # fmt: skip
    code, rows, said = doctor(tmp_path, "--config", config, **variables)
    assert code == 1
    assert rows
    assert [name for name, secret in SECRETS.items() if secret in said] == []


def test_secrets_that_settings_name_are_looked_for(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        '[notify.channels.hook]\nkind = "webhook"\nurl = "https://192.0.2.7/"\nsign_secret = "hook-key"\n'
        '[notify.channels.two]\nkind = "webhook"\nurl = "https://192.0.2.7/"\nsign_secret = "absent"\n'
        '[llm]\nbackend = "none"\n'
    )
    _, rows, said = doctor(tmp_path, "--config", config, SOCTERM_SECRET_HOOK_KEY="planted-value")
    found = {row.said.partition(": ")[0]: row.verdict for row in rows if row.what == "secret"}
    assert found == {
        "notify.channels.hook.sign_secret": "ok",
        "notify.channels.two.sign_secret": "bad",
    }, said
    assert "planted-value" not in said


def test_a_secret_inside_any_message_is_hidden() -> None:
    row = Row("model", "bad", "http://u:pw@host said hunter2hunter2", "ask hunter2hunter2")
    hidden = Hider(None, {"ANY_TOKEN": "hunter2hunter2", "HOME": "said"})(row)
    assert hidden == Row("model", "bad", "http://[secret]@host said [secret]", "ask [secret]")


# -- logs and ports


def test_logs_by_name_and_pattern(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("")
    (tmp_path / "b.log").write_text("")
    specs = [f"{tmp_path}/a.log", f"{tmp_path}/*.log", f"{tmp_path}/c.log", f"{tmp_path}/*.txt"]
    assert [row.verdict for row in intake.logs(specs, journal=False)] == ["ok", "ok", "warn", "warn"]


def test_why_a_log_cannot_be_opened_is_no_advice(tmp_path: Path) -> None:
    loop = tmp_path / "auth.log"
    loop.symlink_to(loop)
    (row,) = intake.logs([str(loop)], journal=False)
    assert row.said == f"{loop}: cannot read it: Too many levels of symbolic links"
    assert row.todo == "see why the system does not give it"


def test_a_log_that_may_not_be_read_names_the_group_to_join(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("")
    folder = tmp_path
    while folder != Path(tempfile.gettempdir()):  # pytest's own let nobody else in
        folder.chmod(0o755)
        folder = folder.parent
    if os.geteuid() == 0:
        os.chown(log, 0, 4)
    log.chmod(0o040)
    with as_nobody():
        (row,) = intake.logs([str(log)], journal=False)
    assert row.verdict == "bad"
    assert "permission denied" in row.said
    assert "join group" in row.todo


@pytest.mark.parametrize("scheme", ["udp", "tcp"])
def test_a_port_is_free_or_somebody_has_it(scheme: str) -> None:
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    taken = socket.socket(socket.AF_INET, kind)
    taken.bind(("127.0.0.1", 0))
    if scheme == "tcp":
        taken.listen()
    url = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
    (row,) = intake.listeners([url], "")
    assert row.verdict == "bad"
    assert f"({os.getpid()}) has the port" in row.said
    (row,) = intake.listeners([url], f"process {os.getpid()} on here")
    assert row == Row("listener", "ok", f"{url}: our own ingest listens")
    taken.close()
    (row,) = intake.listeners([url], "")
    assert row.verdict == "ok"


def test_a_port_of_a_service_whose_descriptors_nobody_may_see(tmp_path: Path) -> None:
    """As /proc shows a service in a user name space of its own: sockets with their user, no descriptors."""
    (tmp_path / "net").mkdir()
    (tmp_path / "7").mkdir()
    address = parse_address("udp://127.0.0.1:5514")
    row = " 1: 0100007F:158A 00000000:0000 07 0:0 00:0 0  {} 0 4711 2 0\n"
    for uid, ours in ((os.geteuid(), True), (os.geteuid() + 1, False)):
        (tmp_path / "net/udp").write_text("sl local_address\n" + row.format(uid))
        assert intake.who_listens(address, tmp_path) == []
        assert intake.same_user_listens(address, 7, tmp_path) is ours
    assert not intake.same_user_listens(address, 8, tmp_path)


HIDDEN = """
import ctypes, socket, sys
ctypes.CDLL(None).prctl(4, 0)  # PR_SET_DUMPABLE: only root sees what it has open
with socket.socket() as end:
    end.bind(("127.0.0.1", 0))
    end.listen()
    print(end.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def test_our_own_ingest_is_known_by_its_user_where_it_hides_what_it_has_open() -> None:
    other: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    with subprocess.Popen(
        ["/usr/bin/python3", "-c", HIDDEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd="/", **other,
    ) as service:  # fmt: skip
        assert service.stdout is not None
        url = f"tcp://127.0.0.1:{int(service.stdout.readline())}"
        with as_nobody():
            (ours,) = intake.listeners([url], f"process {service.pid} on here")
            (others,) = intake.listeners([url], f"process {os.getppid()} on here" if other else "")
        service.communicate()
    assert (ours.verdict, others.verdict) == ("ok", "bad"), (ours, others)


def test_an_address_that_is_none_of_ours() -> None:
    bad, odd = intake.listeners(["udp://192.0.2.7:5514", "udp://x:pw@h:port"], "")
    assert (bad.verdict, odd.verdict) == ("bad", "bad")
    assert bad.todo
    assert "pw" not in odd.said


def test_a_port_of_the_service_that_is_taken_is_no_failure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        row = intake.service(place, "")
        assert (row.verdict, f"({os.getpid()}) has the port" in row.said) == ("warn", True)
        assert intake.service(place, f"process {os.getpid()} on here").verdict == "ok"


def test_tls_without_a_certificate_is_told(tmp_path: Path) -> None:
    certificate, port = intake.listeners(["tls://127.0.0.1:0"], "")
    assert (certificate.what, certificate.verdict, port.verdict) == ("certificate", "bad", "ok")
    (tmp_path / "key.pem").write_text("no key")
    (tmp_path / "cert.pem").write_text("no certificate")
    listen = ListenConfig(cert=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    assert next(intake.listeners(["tls://127.0.0.1:0"], "", listen)).verdict == "bad"


def test_until_when_certificates_last_is_told(tmp_path: Path) -> None:
    """Senders refuse one that has expired, and only they would say so."""
    born = datetime(2026, 1, 1, tzinfo=UTC)
    ca = make_ca(born)
    server = make_server(ca, ["localhost"], born, 90)
    for name, text in (("ca", ca.cert), ("cert", server.cert), ("key", server.key)):
        (tmp_path / f"{name}.pem").write_bytes(text)
    listen = ListenConfig(cert=tmp_path / "cert.pem", key=tmp_path / "key.pem", client_ca=tmp_path / "ca.pem")
    start = int(born.timestamp()) * 1_000_000
    for age, verdict, said, todo in (
        (1, "ok", "listen.cert is valid until 2026-04-01", ""),
        (61, "warn", "listen.cert expires on 2026-04-01", "renew it"),
        (90, "bad", "listen.cert expired on 2026-04-01", "renew it"),
        (-1, "bad", "listen.cert is not valid before 2025-12-31", "see whether the clock is right"),
    ):
        usable, row, authority, _ = intake.listeners(["tls://127.0.0.1:0"], "", listen, start + age * DAY)
        assert usable.verdict == "ok"
        assert row == Row("certificate", verdict, said, todo)  # type: ignore[arg-type]
        assert authority.said.startswith("listen.client_ca is ")


def test_the_certificate_of_the_service_is_looked_at(tmp_path: Path) -> None:
    born = datetime(2020, 1, 1, tzinfo=UTC)
    old = make_server(make_ca(born), ["localhost"], born, 30)
    (tmp_path / "old.pem").write_bytes(old.cert)
    (tmp_path / "c.toml").write_text(f'[api]\ncert = "{tmp_path}/old.pem"\nkey = "{tmp_path}/old.pem"\n')
    rows = list(examined({"config": tmp_path / "c.toml", "db": tmp_path / "none.db"}))
    assert Row("certificate", "bad", "api.cert expired on 2020-01-31", "renew it") in rows


# -- the machine


def test_the_receive_buffer(tmp_path: Path) -> None:
    limit = tmp_path / "rmem_max"
    limit.write_text("212992\n")
    row = machine.buffers(["udp://127.0.0.1:5514"], limit)
    assert row.verdict == "warn"
    assert "net.core.rmem_max=16777216" in row.todo
    assert machine.buffers(["udp://127.0.0.1:5514"], limit, may_force=True).verdict == "ok"
    assert machine.buffers(["tcp://127.0.0.1:5514"], limit).verdict == "ok"
    limit.write_text("16777216\n")
    assert machine.buffers(["udp://127.0.0.1:5514"], limit).verdict == "ok"
    assert machine.buffers(["udp://127.0.0.1:5514"], tmp_path / "gone").verdict == "ok"


def test_capabilities_are_read_as_proc_has_them(tmp_path: Path) -> None:
    status = tmp_path / "status"
    for effective, may in (("0000000000001000", True), ("0000000000000fff", False)):
        status.write_text(f"Name:\tx\nCapEff:\t{effective}\n")
        assert machine.may_force_buffers(status) is may


def test_a_clock_that_was_set_back_is_told() -> None:
    pair = machine.ClockPair()
    assert next(machine.clock(pair, NOW, NOW)).verdict == "ok"
    row = next(machine.clock(pair, NOW + 60_000_000, NOW))
    assert (row.verdict, row.said) == ("bad", "the store was written 60 s in the future")


def test_the_kernel_says_whether_the_clock_is_synchronised() -> None:
    status = machine.timex_status()
    assert status is None or 0 <= status < 1 << 16
    row = [*machine.clock(machine.ClockPair(), 0, 0)][1]
    assert row.verdict == ("warn" if status is not None and status & 0x40 else "ok")


def test_the_time_zone(tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    assert machine.zone("", link).verdict == "warn"
    link.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    assert machine.zone("", link).said == "Europe/Berlin, this machine's"
    assert machine.zone("Asia/Tokyo", link).said == "Asia/Tokyo, as configured"


def test_descriptors_are_counted_by_sources() -> None:
    assert machine.descriptors(0).what == "descriptors"
    assert machine.descriptors(1 << 40).verdict == "warn"


# -- the store


def facts(**changes: object) -> StoreHealth:
    values: dict[str, object] = {
        "schema": "m", "behind": 0, "size": MIB, "damage": "", "checked": True, "ingest": "", "a_day": 0,
        "newest": NOW, "fates": {}, "trouble": (), "dropped": 0,
    }  # fmt: skip
    return StoreHealth(**(values | changes))  # type: ignore[arg-type]


def test_the_disk_against_growth(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    for days, verdict in ((100, "ok"), (10, "warn"), (1, "bad")):
        assert stored.room(path, facts(a_day=int(free / days)), 0).verdict == verdict
    assert stored.room(path, facts(a_day=free), limit=free // 2).verdict == "ok"  # retention keeps it small
    assert stored.room(path, facts(a_day=free), limit=free * 2).verdict == "bad"
    assert stored.room(path, None, 0).verdict == "ok"


def test_a_store_that_is_to_be_upgraded_needs_room_for_its_copy(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    for behind, size, verdict in ((1, free * 2, "bad"), (0, free * 2, "ok"), (1, free // 2, "ok")):
        assert stored.room(path, facts(behind=behind, size=size), 0).verdict == verdict


def test_growth_is_that_of_the_last_day(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "s.db", now=NOW)
    writer.commit(batch([login(number) for number in range(1, 501)]))
    writer.close()
    found = health(tmp_path / "s.db", now=NOW + 2 * DAY)
    assert 0 < found.a_day <= found.size
    assert (found.behind, found.damage, found.checked, found.ingest) == (0, "", True, "")


def test_who_ingests_and_what_was_lost(tmp_path: Path) -> None:
    writer = alerted(tmp_path / "s.db", 1)
    with sqlite3.connect(tmp_path / "s.db") as db:
        db.execute("""UPDATE sources SET drops = '{"kernel": 5, "empty": 2}'""")
    found = health(tmp_path / "s.db", now=NOW)
    writer.close()
    assert found.dropped == 7
    rows = {row.what: row for row in stored.state(found)}
    assert f"process {os.getpid()} on " in rows["ingest"].said
    assert rows["losses"].verdict == "warn"


def test_a_store_of_an_earlier_version_is_not_upgraded_by_looking(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    first_version(path)
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE sources ADD COLUMN formats TEXT")
    before = path.read_bytes()
    found = health(path, now=NOW)
    rows = {row.what: row.verdict for row in stored.state(found)}
    assert rows["schema"] == "warn"
    assert path.read_bytes() == before


def test_damage_and_a_newer_version_are_told(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    alerted(path, 1).close()
    page = path.read_bytes()
    with path.open("r+b") as file:
        for at in range(3 * 8192, len(page) - 8192, 2 * 8192):
            file.seek(at)
            file.write(os.urandom(4096))
    try:
        found: StoreHealth | StoreError = health(path, now=NOW)
    except StoreError as error:
        found = error
    assert "bad" in {row.verdict for row in stored.state(found)}
    path.write_bytes(page)
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO migrations VALUES (9999, 'm9999_later', 0)")
    with pytest.raises(StoreError, match="newer socterm"):
        health(path, now=NOW)


def test_rights_of_the_store(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    (row,) = stored.rights(path)
    assert row.verdict == "ok"
    path.write_bytes(b"")
    for mode, verdict in ((0o600, "ok"), (0o640, "warn"), (0o604, "warn")):
        path.chmod(mode)
        (row,) = stored.rights(path)
        assert row.verdict == verdict


def test_rules_that_are_refused_are_named(tmp_path: Path) -> None:
    good, broken = tmp_path / "good.yml", tmp_path / "broken.yml"
    good.write_text(
        "title: A word\nid: 6c9b7f6c-2c0f-4b9a-9d1a-0f4b0b6b2f11\nlevel: high\nstatus: test\n"
        "logsource: {product: linux, service: sshd}\ndetection: {k: {user.name: root}, condition: k}\n"
    )
    broken.write_text("title: Broken\ndetection: {condition: nothing}\n")
    rows = list(stored.rules(load_rules([good, broken])))
    assert [row.verdict for row in rows] == ["ok", "warn"]
    assert "refused: " in rows[1].said
    assert next(row.verdict for row in stored.rules(load_rules([broken]))) == "bad"


# -- the model


@pytest.mark.parametrize(
    ("wanted", "state", "verdict"),
    [("", "unreachable", "ok"), ("m", "unreachable", "warn"), ("m", "absent", "warn"), ("m", "ok", "ok"),
     ("m", "refused", "bad")],
)  # fmt: skip
def test_the_model_is_amiss_where_one_was_asked_for(wanted: str, state: str, verdict: str) -> None:
    config = Config(db=Path("s.db"), actor="ann", llm=LlmConfig(model=wanted))
    row = settings.model(config, Health(state, wanted, "no answer"))  # type: ignore[arg-type]
    assert row.verdict == verdict
