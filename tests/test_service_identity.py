"""Who asks: users and tokens as they are kept, logins as they are signed, passwords as they are hashed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.errors import SoctermError, UsageError
from socterm.secrets import Secret, own_file
from socterm.service.bearer import Authenticator
from socterm.service.identity import Principal, granted, require
from socterm.service.passwords import AT_ONCE, LONGEST, Passwords
from socterm.service.problems import RequestError
from socterm.service.signing import AUDIENCE, LIFETIME, Signer, signing_key
from socterm.service.tokens import digest, new_token
from socterm.store import Store, open_store
from socterm.store.upkeep.check import check

NOW = 1_795_000_000_000_000
KEY = "k" * 64


class Clock:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def doorman(store: Store, clock: Clock) -> Authenticator:
    return Authenticator(store.identity, Signer(Secret(KEY)), clock)


def add_token(store: Store, *scopes: str, expires: int = 0, name: str = "ci") -> tuple[str, int]:
    token, hashed = new_token()
    row = store.identity.add_token(name, hashed, scopes, actor="ann", now=NOW, expires=expires)
    return token, row.id


def refused(doorman: Authenticator, header: str | None) -> RequestError:
    with pytest.raises(RequestError) as error:
        doorman.who(header)
    assert error.value.status == 401
    assert "Bearer" in error.value.headers["WWW-Authenticate"]
    return error.value


def test_a_scope_holds_those_below_it_and_ingest_stands_alone() -> None:
    assert granted(["admin"]) == {"read", "triage", "admin"}
    assert granted(["triage"]) == {"read", "triage"}
    assert granted(["ingest", "read", "root"]) == {"ingest", "read"}
    with pytest.raises(RequestError) as error:
        require(Principal("ann", granted(["admin"])), "ingest")
    assert error.value.status == 403


def test_a_token_is_kept_as_its_digest_and_says_who_asks(store: Store, doorman: Authenticator) -> None:
    token, number = add_token(store, "triage", "ingest")
    assert doorman.who(f"Bearer {token}") == Principal(
        f"token:ci#{number}", granted(["triage", "ingest"]), number, "ci"
    )
    with sqlite3.connect(store.path) as db:
        kept = "\n".join(db.iterdump())
    assert token not in kept
    assert digest(token).hex() in kept.lower()


def test_two_tokens_of_one_name_are_told_apart_and_send_as_one(store: Store, doorman: Authenticator) -> None:
    one, two = (doorman.who(f"Bearer {add_token(store, 'triage')[0]}") for _ in range(2))
    assert (one.name, two.name) == ("token:ci#1", "token:ci#2")
    assert one.sender == two.sender == "ci"


def test_a_token_ends_with_its_time_and_when_it_is_revoked(
    store: Store, doorman: Authenticator, clock: Clock
) -> None:
    short, _ = add_token(store, "read", expires=NOW + 1_000_000)
    token, number = add_token(store, "read")
    assert doorman.who(f"bearer  {short}")
    clock.now += 1_000_000
    refused(doorman, f"Bearer {short}")
    assert doorman.who(f"Bearer {token}")
    store.identity.revoke_token(number, actor="ann", now=clock.now)
    refused(doorman, f"Bearer {token}")
    with pytest.raises(UsageError, match="revoked already"):
        store.identity.revoke_token(number, actor="ann", now=clock.now)


def test_the_use_of_a_token_is_noted_once_a_minute(
    store: Store, doorman: Authenticator, clock: Clock
) -> None:
    token, _ = add_token(store, "read")
    for later, noted in ((5_000_000, 5_000_000), (30_000_000, 5_000_000), (65_000_000, 65_000_000)):
        clock.now = NOW + later
        doorman.who(f"Bearer {token}")
        assert store.identity.tokens()[0].last_used == NOW + noted


def test_a_login_lasts_half_an_hour_and_no_longer_than_password_and_role(
    store: Store, doorman: Authenticator, clock: Clock
) -> None:
    signer = Signer(Secret(KEY))
    seconds = NOW // 1_000_000

    def login() -> str:
        user = store.identity.user("ANN")
        assert user is not None
        return f"Bearer {signer.sign(user.name, granted([user.role]), user.stamp, seconds)}"

    store.identity.add_user("ann", "triage", "hash", actor="root", now=NOW)
    before = login()
    assert doorman.who(before) == Principal("ann", granted(["triage"]))
    clock.now = NOW + (LIFETIME - 1) * 1_000_000
    assert doorman.who(before)
    clock.now += 1_000_000
    refused(doorman, before)
    clock.now = NOW
    store.identity.change_user("ann", actor="root", now=NOW, role="read")
    refused(doorman, before)
    assert doorman.who(login()).scopes == {"read"}
    after = login()
    store.identity.remove_user("ann", actor="root", now=NOW)
    refused(doorman, after)
    store.identity.add_user("ann", "admin", "hash", actor="root", now=NOW)
    refused(doorman, after)  # somebody else of the same name


def test_a_login_may_be_asked_for_less_than_a_role_allows(store: Store, doorman: Authenticator) -> None:
    user = store.identity.add_user("ann", "admin", "hash", actor="root", now=NOW)
    token = Signer(Secret(KEY)).sign("ann", ["read"], user.stamp, NOW // 1_000_000)
    assert doorman.who(f"Bearer {token}").scopes == {"read"}


@pytest.mark.parametrize(
    ("changed", "key", "algorithm"),
    [
        ({"aud": "another"}, KEY, "HS256"),
        ({"aud": None}, KEY, "HS256"),
        ({"iss": "another"}, KEY, "HS256"),
        ({"jti": None}, KEY, "HS256"),
        ({"exp": None}, KEY, "HS256"),
        ({"exp": NOW // 1_000_000 + 10 * LIFETIME}, KEY, "HS256"),
        ({"exp": "tomorrow"}, KEY, "HS256"),
        ({"sub": "bob"}, KEY, "HS256"),
        ({}, "x" * 64, "HS256"),
        ({}, KEY * 2, "HS512"),
        ({}, KEY, "HS384"),
        ({}, "", "none"),
    ],
)
def test_only_what_was_signed_here_for_here_is_a_login(
    store: Store, doorman: Authenticator, changed: dict[str, object], key: str, algorithm: str
) -> None:
    user = store.identity.add_user("ann", "admin", "hash", actor="root", now=NOW)
    good: dict[str, object] = {
        "iss": "socterm", "aud": AUDIENCE, "sub": "ann", "scope": "admin", "stamp": user.stamp,
        "iat": NOW // 1_000_000, "exp": NOW // 1_000_000 + LIFETIME, "jti": "1",
    }  # fmt: skip
    assert doorman.who(f"Bearer {jwt.encode(good, KEY, algorithm='HS256')}")
    claims = {name: value for name, value in {**good, **changed}.items() if value is not None}
    refused(doorman, f"Bearer {jwt.encode(claims, key, algorithm=algorithm)}")


@given(
    header=st.one_of(st.none(), st.text(), st.text().map("Bearer {}".format), st.text().map("soct_{}".format))
)
def test_no_header_is_an_error_of_ours(header: str | None) -> None:
    class Nobody:
        def token(self, _digest: bytes) -> None:
            return None

        def user(self, _name: str) -> None:
            return None

    refused(Authenticator(Nobody(), Signer(Secret(KEY)), Clock()), header)  # type: ignore[arg-type]


def test_every_change_is_an_audit_row_without_secrets(store: Store) -> None:
    desk = store.identity
    desk.add_user("ann", "read", "$argon2id$secret", actor="root", now=NOW)
    desk.change_user("ann", actor="root", now=NOW + 1, password="$argon2id$other")
    desk.change_user("ann", actor="root", now=NOW + 2, role="admin")
    token, number = add_token(store, "ingest")
    desk.revoke_token(number, actor="ann", now=NOW + 3)
    desk.remove_user("ann", actor="root", now=NOW + 4)
    rows = store.chronicle.decided(0, NOW * 2)
    assert [(row.verb, row.actor, row.about) for row in rows] == [
        ("add user", "root", "user:1"), ("change password", "root", "user:1"),
        ("change role", "root", "user:1"), ("add token", "ann", "token:1"),
        ("revoke token", "ann", "token:1"), ("remove user", "root", "user:1"),
    ]  # fmt: skip
    assert (rows[2].before, rows[2].after) == (
        {"name": "ann", "role": "read"},
        {"name": "ann", "role": "admin"},
    )
    told = repr(rows)
    assert "argon2id" not in told
    assert token not in told
    assert digest(token).hex() not in told
    assert store.triage.undo(actor="root", now=NOW + 5) == []
    assert not [problem for problem in check(store.path) if "audit" in problem]


def test_a_password_that_is_changed_with_the_role_is_on_record_too(store: Store) -> None:
    store.identity.add_user("ann", "read", "hash", actor="root", now=NOW)
    store.identity.change_user("ann", actor="eve", now=NOW + 1, role="admin", password="other")
    rows = store.chronicle.decided(NOW + 1, NOW * 2)
    assert [(row.verb, row.before["role"], row.after["role"]) for row in rows] == [
        ("change role", "read", "admin"), ("change password", "admin", "admin"),
    ]  # fmt: skip
    assert not [problem for problem in check(store.path) if "audit" in problem]


@pytest.mark.parametrize(
    "name", ["", "a b", "token:x", "socterm", "SOCTERM", "a" * 65, "-ann", "an\x1bn", "ä"]
)
def test_names_that_could_be_mistaken_are_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError):
        store.identity.add_user(name, "read", "hash", actor="root", now=NOW)
    with pytest.raises(UsageError):
        store.identity.add_token(name, b"1", ["read"], actor="root", now=NOW)


def test_a_name_is_taken_in_either_case(store: Store) -> None:
    store.identity.add_user("Ann", "read", "hash", actor="root", now=NOW)
    with pytest.raises(UsageError, match="already"):
        store.identity.add_user("ann", "admin", "hash", actor="root", now=NOW)
    for role in ("root", "ingest", ""):
        with pytest.raises(UsageError):
            store.identity.add_user("bob", role, "hash", actor="root", now=NOW)
    with pytest.raises(UsageError, match="for something"):
        store.identity.add_token("ci", b"1", [], actor="root", now=NOW)


def test_whether_there_is_anybody(store: Store) -> None:
    assert not store.identity.anybody(NOW)
    _, number = add_token(store, "read", expires=NOW + 5)
    assert store.identity.anybody(NOW)
    assert not store.identity.anybody(NOW + 5)
    store.identity.add_user("ann", "read", "hash", actor="root", now=NOW)
    assert store.identity.anybody(NOW + 5)
    assert number == 1


@pytest.mark.parametrize("argon2", [True, False])
def test_a_password_is_kept_as_a_slow_hash(argon2: bool) -> None:
    passwords = Passwords(argon2=argon2)
    stored = passwords.make("correct horse")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3," if argon2 else "$scrypt$")
    assert "correct" not in stored
    assert stored != passwords.make("correct horse")
    assert passwords.fits(stored, "correct horse")
    assert not passwords.fits(stored, "correct horsE")
    assert not passwords.fits(stored[:-9] + "AAAAAAAA=", "correct horse")
    assert not passwords.fits(stored, "correct horse" + "x" * LONGEST)
    for bad in ("", "too short", "x" * (LONGEST + 1)):
        with pytest.raises(UsageError, match="characters"):
            passwords.make(bad)


def test_an_unknown_user_costs_as_many_hashes_as_a_known_one() -> None:
    passwords = Passwords()
    stored = passwords.make("correct horse")
    made = passwords.calls
    for hashed in (stored, None, "$scrypt$broken", "of no kind"):
        passwords.fits(hashed, "a wrong one")
        made += 1
        assert passwords.calls == made


def test_a_hash_without_the_wheel_is_outdated_with_it() -> None:
    plain, best = Passwords(argon2=False), Passwords()
    stored = plain.make("correct horse")
    assert best.fits(stored, "correct horse")
    assert best.outdated(stored)
    assert not best.outdated(best.make("correct horse"))
    assert not plain.fits(best.make("correct horse"), "correct horse")


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    key = signing_key(environ)
    path = own_file("api-key", environ)
    assert path.stat().st_mode & 0o777 == 0o600
    assert signing_key(environ).reveal() == key.reveal()
    assert [found.name for found in path.parent.iterdir()] == ["api-key"]
    assert key.reveal() not in repr(Signer(key)) + repr(vars(Signer(key)))
    path.write_text("short\n")
    with pytest.raises(SoctermError, match="too short"):
        Signer(signing_key(environ))
    path.chmod(0o644)
    with pytest.raises(SoctermError, match="others may read"):
        signing_key(environ)


def test_two_passwords_at_a_time_are_worked_on_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 64 MiB: logins by the hundred must not take the memory of the machine."""
    passwords = Passwords(argon2=False)
    passwords.prepare()
    kind = passwords._kinds[0]
    at_work = threading.Barrier(AT_ONCE + 1)
    inside: list[int] = []
    most: list[int] = []

    def slow(stored: str, password: str) -> bool:
        inside.append(1)
        most.append(len(inside))
        at_work.wait(30)
        inside.pop()
        return kind.fits(stored, password)

    monkeypatch.setattr(passwords, "_kinds", [kind._replace(fits=slow)])
    threads = [threading.Thread(target=passwords.fits, args=(None, "x")) for _ in range(2 * AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        at_work.wait(30)
    for thread in threads:
        thread.join(30)
    assert max(most) == AT_ONCE
