"""Audit records: what each tells, what lines of one event tell each other, what hostile ones do not do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.formats.auditd_fields import KINDS, kind_of, pairs_of
from socterm.parsers.formats.auditd_joined import OPEN_EVENTS
from socterm.parsers.formats.auditd_sockaddr import unpacked
from socterm.parsers.formats.auditd_values import decoded

NOW = 1_800_000_000_000_000
RUN = ("linux", "process_creation", "")
FILE = ("linux", "file_event", "")
GONE = ("linux", "file_delete", "")
NET = ("linux", "network_connection", "")


def at(serial: int, kind: str, body: str) -> str:
    return f"type={kind} msg=audit(1795168800.100:{serial}): {body}"


def syscall(
    serial: int, number: int = 59, *, exe: str = "/usr/bin/dash", rest: str = "", ok: str = "yes"
) -> str:
    return at(
        serial,
        "SYSCALL",
        f"arch=c000003e syscall={number} success={ok} exit=0 a0=1 a1=2 a2=241 a3=4 items=2 ppid=7 pid=8 "
        f"auid=1000 uid=33 gid=33 euid=33 suid=33 fsuid=33 egid=33 sgid=33 fsgid=33 tty=pts0 ses=3 "
        f'comm="sh" exe="{exe}" key="exec"{rest}',
    )


def decode(*lines: str, decoder: Decoder | None = None, first: int = 0) -> list[Event]:
    chunk = Chunk("x", first, [line.encode() for line in lines], {}, NOW, live=False)
    return (decoder or Decoder("x")).decode(chunk)


def one(line: str) -> dict[str, object]:
    (event,) = decode(line)
    assert event.kind == "event"
    return event.fields


def forget_shapes() -> None:
    for kind in KINDS.values():
        kind.shapes.clear()
        kind.sent.clear()


def test_a_program_run_is_told_once_with_who_and_what() -> None:
    events = decode(
        syscall(1),
        at(1, "EXECVE", 'argc=3 a0="sh" a1="-c" a2=' + b"id | nc x".hex().upper()),
        at(1, "CWD", 'cwd="/var/www"'),
        at(1, "PATH", 'item=0 name="/bin/sh" inode=1 dev=08:01 mode=0100755 ouid=0 ogid=0 nametype=NORMAL'),
        at(1, "PROCTITLE", "proctitle=" + b"sh\0-c\0id".hex().upper()),
    )
    assert [RUN in event.logsources for event in events] == [False, True, False, False, False]
    run = events[1].fields
    assert run["process.executable"] == "/usr/bin/dash"
    assert run["process.command_line"] == "sh -c id | nc x" == events[1].message
    assert (run["process.pid"], run["process.parent.pid"], run["user.id"], run["user.audit.id"]) == (
        8,
        7,
        33,
        1000,
    )
    assert events[2].fields["process.working_directory"] == "/var/www"
    assert all(event.fields["process.executable"] == "/usr/bin/dash" for event in events[1:])


def test_a_run_without_arguments_in_the_log_is_told_by_its_title() -> None:
    events = decode(syscall(1), at(1, "PROCTITLE", "proctitle=" + b"nc\0-e\0/bin/sh".hex().upper()))
    assert [RUN in event.logsources for event in events] == [False, True]
    assert events[1].fields["process.command_line"] == "nc -e /bin/sh"


def test_where_neither_arguments_nor_titles_are_logged_the_call_itself_tells_of_runs() -> None:
    lines = [syscall(serial) for serial in range(1, OPEN_EVENTS + 3)]
    events = decode(*lines)
    assert [RUN in event.logsources for event in events] == [False] * OPEN_EVENTS + [True, True]
    told = decode(*lines, at(500, "EXECVE", 'argc=1 a0="id"'), syscall(501))
    assert RUN not in told[-1].logsources


def opened(flags: str, *, call: int = 257) -> Event:
    """The last line of an open of auth.log with these flags."""
    told = syscall(1, call).replace("a2=241", f"a2={flags}")
    body = 'item=1 name="auth.log" inode=2 dev=08:01 mode=0100640 ouid=0 ogid=4 nametype=NORMAL'
    return decode(told, at(1, "CWD", 'cwd="/var/log"'), at(1, "PATH", body))[-1]


@pytest.mark.parametrize(
    ("flags", "wrote", "emptied"),
    [
        ("0", False, None),
        ("441", True, None),
        ("241", True, True),
        ("O_RDONLY", False, None),
        ("O_WRONLY|O_APPEND", True, None),
        ("O_WRONLY|O_CREAT|O_TRUNC", True, True),
    ],
)
def test_a_file_opened_to_be_written_anew_is_told_from_one_that_is_appended_to(
    flags: str, *, wrote: bool, emptied: bool | None
) -> None:
    event = opened(flags)
    assert event.fields["file.path"] == "/var/log/auth.log"
    assert (FILE in event.logsources) is wrote
    assert event.fields.get("audit.emptied") is emptied


def test_a_file_that_is_cut_is_emptied_and_a_failed_try_is_nothing() -> None:
    assert opened("0", call=76).fields["audit.emptied"] is True
    failed = decode(
        syscall(1, ok="no"), at(1, "PATH", 'item=0 name="/var/log/auth.log" mode=0100640 nametype=NORMAL')
    )
    assert "audit.emptied" not in failed[-1].fields


def test_what_sudo_ran_is_a_program_run_and_what_it_refused_is_not() -> None:
    said = 'pid=9 uid=1000 auid=1000 ses=3 msg=\'cwd="/" cmd=6964202D75 terminal=pts/0 res='
    ran, refused = decode(at(1, "USER_CMD", f"{said}success'"), at(2, "USER_CMD", f"{said}failed'"))
    assert RUN in ran.logsources
    assert ran.fields["process.command_line"] == "id -u"
    assert RUN not in refused.logsources


def test_a_failed_run_is_no_program_run() -> None:
    events = decode(
        syscall(1, ok="no"), at(1, "EXECVE", 'argc=1 a0="/tmp/none"'), at(1, "PROCTITLE", 'proctitle="x"')
    )
    assert not any(RUN in event.logsources for event in events)


def test_arguments_in_pieces_and_over_several_records_make_one_command_line() -> None:
    events = decode(
        syscall(1),
        at(1, "EXECVE", 'argc=4 a0="python3" a1="-c" a2_len=12 a2[0]="abcdef"'),
        at(1, "EXECVE", 'a2[1]="ghijkl" a3="end"'),
    )
    assert [RUN in event.logsources for event in events] == [False, False, True]
    assert events[2].fields["process.command_line"] == "python3 -c abcdefghijkl end"
    assert events[2].fields["audit.a2"] == "abcdefghijkl"


def test_lines_of_two_events_may_alternate() -> None:
    events = decode(
        syscall(1, exe="/a"), syscall(2, exe="/b"), at(1, "CWD", 'cwd="/"'), at(2, "CWD", 'cwd="/"')
    )
    assert [event.fields["process.executable"] for event in events] == ["/a", "/b", "/a", "/b"]


@pytest.mark.parametrize("last", ["EOE", "PROCTITLE"])
def test_an_event_is_forgotten_when_it_is_over(last: str) -> None:
    events = decode(syscall(1), at(1, last, ""), at(1, "CWD", 'cwd="/"'))
    assert "process.executable" in events[1].fields
    assert "process.executable" not in events[2].fields


def test_an_event_is_forgotten_when_newer_ones_push_it_out() -> None:
    lines = [syscall(serial) for serial in range(OPEN_EVENTS + 1)]
    *_, first, second = decode(*lines, at(1, "CWD", 'cwd="/"'), at(0, "CWD", 'cwd="/"'))
    assert "process.executable" in first.fields
    assert "process.executable" not in second.fields


def test_what_is_open_survives_a_restart_and_any_cut_into_chunks() -> None:
    lines = [
        syscall(1),
        at(1, "EXECVE", 'argc=3 a0="a" a1="b"'),
        at(1, "EXECVE", 'a2="c"'),
        at(1, "PROCTITLE", 'proctitle="a"'),
    ]
    whole = decode(*lines)
    apart = Decoder("x")
    state: dict[str, str] = {}
    for position, line in enumerate(lines):
        (event,) = decode(line, decoder=apart, first=position)
        assert (event.fields, event.logsources) == (whole[position].fields, whole[position].logsources)
        for key, text in apart.changes():
            if text is None:
                state.pop(key, None)
            else:
                state[key] = text
        apart = Decoder("x")
        apart.restore(state.items())


def test_hosts_that_share_a_file_are_kept_apart() -> None:
    events = decode(
        f"node=a {syscall(1)}", "node=b " + at(1, "CWD", 'cwd="/"'), "node=a " + at(1, "CWD", 'cwd="/"')
    )
    assert [event.fields["host.hostname"] for event in events] == ["a", "b", "a"]
    assert ["process.pid" in event.fields for event in events] == [True, False, True]


@pytest.mark.parametrize(
    ("happened", "number", "source"),
    [
        ("CREATE", 257, FILE),
        ("DELETE", 87, GONE),
        ("NORMAL", 257, FILE),
        ("NORMAL", 59, None),
        ("PARENT", 257, None),
    ],
)
def test_files_written_and_deleted_are_offered_as_such(
    happened: str, number: int, source: tuple[str, str, str] | None
) -> None:
    events = decode(
        syscall(1, number),
        at(1, "CWD", 'cwd="/etc/x"'),
        at(1, "PATH", f'item=0 name="../cron.d/./job" mode=0100644 ouid=0 ogid=0 nametype={happened}'),
    )
    fields = events[2].fields
    assert fields["file.path"] == "/etc/cron.d/job"
    assert (fields["file.mode"], fields["file.type"]) == ("0644", "file")
    assert {FILE, GONE} & set(events[2].logsources) == ({source} if source else set())


def test_a_file_of_a_call_that_failed_was_not_written() -> None:
    events = decode(syscall(1, 257, ok="no"), at(1, "PATH", 'item=0 name="/etc/x" nametype=CREATE'))
    assert FILE not in events[1].logsources


@pytest.mark.parametrize(
    ("number", "saddr", "found"),
    [
        (42, "0200115CC00002420000000000000000", {"destination.ip": "192.0.2.66", "destination.port": 4444}),
        (42, "0A0001BB0000000020010DB8000000000000000000000007", {"destination.ip": "2001:db8::7"}),
        (42, "0A0001BB0000000000000000000000000000FFFFC0000207", {"destination.ip": "192.0.2.7"}),
        (288, "02000FB6C00002070000000000000000", {"source.ip": "192.0.2.7", "source.port": 4022}),
        (49, "020000160000000000000000", {"server.ip": "0.0.0.0", "server.port": 22}),
        (42, "01002F72756E2F7800", {"audit.socket.path": "/run/x"}),
    ],
)
def test_addresses_are_unpacked_and_stand_on_the_right_side(
    number: int, saddr: str, found: dict[str, object]
) -> None:
    event = decode(syscall(1, number), at(1, "SOCKADDR", f"saddr={saddr}"))[1]
    assert found.items() <= event.fields.items()
    assert (NET in event.logsources) == (number == 42 and "destination.ip" in found)


@given(st.text("0123456789ABCDEFxyz", max_size=80))
def test_any_packed_address_is_read_or_left(text: str) -> None:
    family, address, port = unpacked(text)
    assert isinstance(family, str)
    assert isinstance(address, str)
    assert 0 <= port < 65_536


def test_enriched_names_stand_beside_their_numbers() -> None:
    fields = one(
        syscall(1, rest='\x1dARCH=x86_64 SYSCALL=execve AUID="ann" UID="www-data" GID="www-data" EUID="root"')
    )
    assert (fields["user.id"], fields["user.name"]) == (33, "www-data")
    assert (fields["user.audit.name"], fields["user.effective.name"]) == ("ann", "root")
    assert fields["audit.syscall"] == "execve"


@pytest.mark.parametrize(
    ("arch", "number", "name"),
    [
        ("c000003e", 319, "memfd_create"),
        ("40000003", 11, "execve"),
        ("c00000b7", 221, "execve"),
        ("c000003e", 999, "999"),
    ],
)
def test_system_calls_have_names(arch: str, number: int, name: str) -> None:
    line = syscall(1, number).replace("arch=c000003e", f"arch={arch}")
    assert one(line)["audit.syscall"] == name


def test_numbers_of_record_types_have_names() -> None:
    assert one("type=1305 msg=audit(1795168800.100:1): op=add_rule res=1")["audit.type"] == "CONFIG_CHANGE"
    assert one("type=UNKNOWN[1420] msg=audit(1795168800.100:1): a=b")["event.action"] == "mac_task_contexts"
    unknown = kind_of("SOMETHING_NEW")
    assert unknown is not None
    assert unknown.template["event.action"] == "something_new"


AUTH = (
    "type={kind} msg=audit(1795168800.100:{serial}): pid=811 uid=0 auid=4294967295 ses=4294967295 "
    'msg=\'op={op} acct="ann" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.7 terminal=ssh res={res}\''
    '\x1dUID="root" AUID="unset"'
)


def auth(serial: int, op: str, res: str = "failed", kind: str = "USER_AUTH") -> str:
    return AUTH.format(serial=serial, op=op, res=res, kind=kind)


def test_a_login_names_the_account_and_the_peer_not_the_daemon() -> None:
    fields = one(auth(1, "PAM:authentication"))
    assert (fields["user.name"], fields["source.ip"], fields["event.outcome"]) == (
        "ann",
        "192.0.2.7",
        "failure",
    )
    assert (fields["process.user.id"], fields["process.user.name"]) == (0, "root")
    assert "user.id" not in fields
    assert "user.audit.name" not in fields
    assert fields["event.category"] == ("authentication",)


def test_one_failed_attempt_told_by_pam_and_by_sshd_counts_once() -> None:
    events = decode(
        auth(1, "PAM:authentication"),
        auth(2, "password"),
        auth(3, "PAM:authentication"),
        auth(4, "password"),
        auth(5, "PAM:authentication", "success"),
        auth(6, "PAM:authentication"),
    )
    assert [event.repeat for event in events] == [1, 0, 1, 0, 1, 1]


def test_a_failed_user_login_is_no_second_failed_authentication() -> None:
    fields = one(auth(1, "login", kind="USER_LOGIN"))
    assert fields["event.outcome"] == "failure"
    assert "authentication" not in fields["event.category"]  # type: ignore[operator]


def test_counting_of_audit_records_leaves_the_daemons_own_lines_alone() -> None:
    own = "Nov 20 10:00:00 web1 sshd[811]: Failed password for ann from 192.0.2.7 port 4022 ssh2"
    assert decode(auth(1, "PAM:authentication"), own)[1].repeat == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (
            "hostname=gate.example.com addr=192.0.2.7",
            {"source.ip": "192.0.2.7", "source.domain": "gate.example.com"},
        ),
        ("hostname=192.0.2.7 addr=?", {"source.ip": "192.0.2.7"}),
        ("hostname=vault7 addr=?", {"audit.hostname": "vault7"}),
        ("hostname=? addr=::ffff:192.0.2.7", {"source.ip": "192.0.2.7"}),
    ],
)
def test_a_bare_host_name_is_no_peer(body: str, named: dict[str, str]) -> None:
    line = f"type=USER_AUTH msg=audit(1795168800.100:1): pid=1 uid=0 msg='op=x acct=\"a\" {body} res=success'"
    fields = one(line)
    assert {
        name: fields[name] for name in ("source.ip", "source.domain", "audit.hostname") if name in fields
    } == named


def test_what_a_program_says_does_not_replace_what_the_kernel_vouches_for() -> None:
    line = at(
        1, "USER_AUTH", "pid=5 uid=0 auid=9 ses=1 msg='op=x acct=\"a\" pid=1 auid=0 addr=? res=success'"
    )
    fields = one(line)
    assert (fields["process.pid"], fields["user.audit.id"]) == (5, 9)


def test_several_keys_are_several_values() -> None:
    line = syscall(1).replace('key="exec"', "key=" + b"exec\x01root".hex().upper())
    assert one(line)["audit.key"] == ("exec", "root")


@pytest.mark.parametrize(
    ("line", "outcome", "kind"),
    [
        (
            'avc:  denied  { read } for  pid=1 comm="x" name="y" tclass=file permissive=0',
            "failure",
            ("denied",),
        ),
        (
            'avc:  denied  { read } for  pid=1 comm="x" name="y" tclass=file permissive=1',
            "success",
            ("allowed",),
        ),
        ('avc:  granted  { x } for  pid=1 comm="x" tclass=process', "success", ("allowed",)),
        ('apparmor="DENIED" operation="open" profile="p" name="/y" pid=1 comm="x"', "failure", ("denied",)),
        ('apparmor="ALLOWED" operation="open" profile="p" name="/y" pid=1 comm="x"', "success", ("allowed",)),
    ],
)
def test_policies_decide(line: str, outcome: str, kind: tuple[str, ...]) -> None:
    fields = one(at(1, "AVC", line))
    assert (fields["event.outcome"], fields["event.type"]) == (outcome, kind)
    assert (fields["process.pid"], fields["process.name"]) == (1, "x")


def test_records_come_through_syslog_kernel_and_journal() -> None:
    bare = 'argc=2 a0="id" a1="-u"'
    ways = [
        f"Nov 20 10:00:00 v1 audispd: node=v1 type=EXECVE msg=audit(1795168800.100:1): {bare}",
        f"Nov 20 10:00:00 v1 kernel: audit: type=1309 audit(1795168800.100:1): {bare}",
        f"Nov 20 10:00:00 v1 kernel: [    9.100001] audit: type=1309 audit(1795168800.100:1): {bare}",
        f"Nov 20 10:00:00 v1 audit[8]: EXECVE {bare}",
        f"type=EXECVE msg=audit(1795168800.100:1): {bare}",
    ]
    for line in ways:
        (event,) = decode(line)
        assert event.fields["process.command_line"] == "id -u", line
        assert event.fields["event.dataset"] == "auditd", line
        assert RUN in event.logsources, line


def test_the_header_of_a_relay_is_not_the_process_of_the_record() -> None:
    (event,) = decode(f"Nov 20 10:00:00 v1 audispd: {auth(1, 'password')}")
    assert (event.fields["process.name"], event.fields["process.pid"]) == ("sshd", 811)


def test_untrusted_text_is_decoded_and_never_holds_a_nul() -> None:
    assert decoded(b"a\0b c\0".hex().upper()) == "a b c"
    assert decoded("FF") == "\ufffd"
    assert decoded("ABC") == "ABC"
    assert decoded("face") == "face"


@given(st.text(max_size=300))
def test_any_text_is_taken_apart_or_left(text: str) -> None:
    words, pairs = pairs_of(text)
    assert len(pairs) <= 256
    assert all(isinstance(part, str) for part in words)


KEYS = st.sampled_from(
    ["pid", "uid", "acct", "exe", "comm", "res", "op", "addr", "hostname", "a0", "key", "cap_fp", "x"]
)
VALUES = st.text(st.sampled_from("0129-_+ =\"'?AFaf()\x1d\t٣"), max_size=12)


@given(
    st.lists(st.tuples(KEYS, VALUES), max_size=8),
    st.sampled_from(["SYSCALL", "PATH", "AVC", "FOO", "USER_AUTH"]),
)
def test_a_record_means_the_same_whatever_was_read_before(pairs: list[tuple[str, str]], kind: str) -> None:
    body = " ".join(f"{key}={value}" for key, value in pairs)
    plain = " ".join(f"{key}=1" for key, _ in pairs)
    line = at(1, kind, f"msg='{body}'" if kind.startswith("USER") else body)
    forget_shapes()
    (alone,) = decode(line)
    decode(at(1, kind, f"msg='{plain}'" if kind.startswith("USER") else plain), line)
    (after,) = decode(line)
    assert (alone.fields, alone.logsources) == (after.fields, after.logsources)
    assert alone.raw == line


@given(st.text(st.sampled_from("audit=(\"'0123456789:. ACEVYSPTHX_[]\x1d\n"), max_size=200))
def test_no_text_behind_a_type_breaks_the_parser(text: str) -> None:
    for line in (
        f"type=EXECVE msg=audit(1.100:1): {text}",
        f"type=PATH {text}",
        f"type={text}",
        f"node={text}",
    ):
        (event,) = decode(line)
        assert event.raw == line
