"""What goes around every endpoint: names, pages, sizes, rates, logins, failures, and secrets."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.config import ApiConfig
from socterm.config.api import listening
from socterm.errors import SoctermError, StoreBusyError, UsageError
from socterm.service import reading
from socterm.service.answers import encoded
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.frame.asgi import client
from socterm.service.frame.hosts import hostname
from socterm.service.limiter import KEYS, Limiter
from socterm.service.login import A_MINUTE
from socterm.service.server import Place, Server
from socterm.service.service import Terms, make_app
from socterm.service.serving import check_reach, place_of, say_by, terms_of
from socterm.service.table import ENDPOINTS
from tests.service_scene import HOST, PASSWORD, Clock, Scene, code, own_scene

__all__ = ["own_scene"]

SECRET = "s3cret-of-a-request"


async def login(
    client: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: str
) -> httpx.Response:
    form = {"grant_type": "password", "username": name, "password": password, **more}
    return await client.post("/api/v1/auth/token", data=form)


# -- logins ----------------------------------------------------------------------------------------


async def test_a_login_is_good_for_what_was_asked(scene: Scene) -> None:
    scene.user("ann", "triage")
    async with scene.client() as client:
        whole = await login(client, "Ann")
        assert whole.status_code == 200
        assert (whole.json()["token_type"], whole.json()["expires_in"]) == ("bearer", 1800)
        assert whole.json()["scope"] == "read triage"
        assert (await login(client, "ann", scope="read")).json()["scope"] == "read"
        more = await login(client, "ann", scope="admin")
        assert (more.status_code, code(more)) == (400, "scope")
        headers = {"Authorization": f"Bearer {whole.json()['access_token']}"}
        assert (await client.get("/api/v1/alerts", headers=headers)).status_code == 200
    assert [(row.name, row.last_login) for row in scene.store.identity.users()] == [("ann", scene.clock())]


async def test_an_unknown_user_is_answered_as_a_wrong_password_is(scene: Scene) -> None:
    """The answers are the same, and so is the work: one slow hash each."""
    scene.user("ann", "admin")
    scene.passwords.prepare()
    told, work = [], []
    async with scene.client() as client:
        for name in ("ann", "nobody", "ann", "x" * 200):
            scene.clock.now += 61_000_000
            before = scene.passwords.calls
            response = await login(client, name, "wrong password")
            work.append(scene.passwords.calls - before)
            told.append((response.status_code, response.text, sorted(response.headers)))
    assert work == [1, 1, 1, 1]
    assert len(set(map(str, told))) == 1
    assert told[0][0] == 401


async def test_five_logins_a_minute_for_a_user_and_from_an_address(scene: Scene) -> None:
    scene.user("ann", "admin")
    async with scene.client() as client:
        for _ in range(A_MINUTE):
            assert (await login(client, "ann", "wrong password")).status_code == 401
        before = scene.passwords.calls
        refused = await login(client, "ann")
        assert (refused.status_code, code(refused)) == (429, "too_often")
        assert refused.headers["Retry-After"] == "60"
        assert (await login(client, "bob")).status_code == 429  # the address has had its five
        assert scene.passwords.calls == before
    async with scene.client(address="198.51.100.7") as other:
        assert (await login(other, "ANN")).status_code == 429  # the user has had theirs
        scene.clock.now += 60_000_000
        assert (await login(other, "ann")).status_code == 200


async def test_a_password_of_before_the_wheel_is_kept_anew(tmp_path: Path) -> None:
    old = Scene(tmp_path / "a.db")
    old.user("ann", "admin")
    new = Scene(tmp_path / "a.db", argon2=True, fresh=False)
    async with new.client() as client:
        before = await login(client, "ann")
        row = new.store.identity.user("ann")
        assert row is not None
        assert row.password.startswith("$argon2id$")
        headers = {"Authorization": f"Bearer {before.json()['access_token']}"}
        assert (await client.get("/api/v1/users", headers=headers)).status_code == 200
        assert (await login(client, "ann")).status_code == 200
    old.store.close()
    new.store.close()


# -- names, pages, rates, sizes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "name"),
    [("a", "a"), ("A:80", "a"), ("[::1]", "::1"), ("[::1]:8", "::1"), ("[::1]x", ""), ("[::1", ""),
     ("a:b", ""), ("a:80:90", ""), ("", ""), ("a@b", "a@b"), ("::1", "")],
)  # fmt: skip
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert hostname(host) == name


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("LOCALHOST:1", 200), ("[::1]:8514", 200), ("127.0.0.1.evil.example", 421),
     ("evil.example", 421), ("localhost@evil.example", 421), ("localhost:80@evil.example", 421)],
)  # fmt: skip
async def test_only_our_own_names_are_answered(scene: Scene, host: str, status: int) -> None:
    async with scene.client() as client:
        assert (await client.get("/health", headers={"Host": host})).status_code == status


async def test_a_name_that_is_said_twice_is_none(scene: Scene) -> None:
    async with scene.client() as client:
        twice = [("Host", "localhost"), ("Host", "evil.example")]
        assert (await client.get("/health", headers=twice)).status_code == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [(f"http://{HOST}", 200), (f"http://{HOST}/", 403), (f"https://{HOST}", 403), ("http://127.0.0.1", 403),
     ("null", 403), ("", 403), ("https://soc.example.org", 200), (f"http://{HOST}.evil.example", 403)],
)  # fmt: skip
async def test_only_our_own_pages_may_ask(tmp_path: Path, origin: str, status: int) -> None:
    scene = Scene(tmp_path / "a.db", terms=Terms(origins=("https://soc.example.org",)))
    async with scene.client() as client:
        response = await client.get("/health", headers={"Origin": origin})
        assert response.status_code == status
        asked = await client.options(
            "/api/v1/alerts", headers={"Origin": origin, "Access-Control-Request-Method": "GET"}
        )
        assert asked.status_code in (403, 405)
        assert not [name for name in asked.headers if name.startswith("access-control")]
    scene.store.close()


async def test_who_asks_too_often_waits(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "a.db", terms=Terms(requests=3))
    async with scene.client() as client:
        answers = [await client.get("/health") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "60"
        scene.clock.now += 60_000_000
        assert (await client.get("/health")).status_code == 200
    scene.store.close()


def test_a_limit_is_for_each_key_and_forgets_the_quiet_ones() -> None:
    clock = Clock()
    limiter = Limiter(2, 1_000_000, clock)
    assert [limiter.wait("a"), limiter.wait("a"), limiter.wait("a"), limiter.wait("b")] == [0, 0, 1, 0]
    clock.now -= 5_000_000  # set back: nobody waits for a time that has been
    assert limiter.wait("a") == 0
    for number in range(KEYS + 5):
        limiter.wait(str(number))
    assert [limiter.wait("a"), limiter.wait("a")] == [0, 0]
    assert len(limiter) == KEYS
    clock.now += 1_000_000
    assert limiter.wait("b") == 0
    assert len(limiter) == 1  # who came long ago takes no memory


def test_a_key_that_is_refused_is_not_forgotten_before_its_time() -> None:
    clock = Clock()
    limiter = Limiter(1, 1_000_000, clock)
    assert limiter.wait("a") == 0
    for number in range(5):
        clock.now += 100_000
        assert limiter.wait("a") == 1
        assert limiter.wait(str(number)) == 0
    assert len(limiter) == 6


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_beyond_its_limit_is_not_read_to_its_end(scene: Scene, declared: bool) -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            assert sent < 100
            yield b"x" * 8192

    headers = {"Content-Type": "application/json", **scene.bearer("admin")}
    if declared:
        headers["Content-Length"] = str(10**12)
    async with scene.client() as client:
        response = await client.post("/api/v1/users", headers=headers, content=flood())
    assert (response.status_code, code(response)) == (413, "too_large")
    assert sent <= 9


async def test_a_body_that_does_not_come_is_not_waited_for(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SLOW", 0.05)

    async def never() -> AsyncIterator[bytes]:
        yield b'{"name'
        await anyio.sleep_forever()

    headers = {"Content-Type": "application/json", **scene.bearer("admin")}
    async with scene.client() as client:
        response = await client.post("/api/v1/users", headers=headers, content=never())
    assert (response.status_code, code(response)) == (408, "slow")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [("text/plain", b"{}", 415), ("", b"{}", 415), ("application/json", b"{", 400),
     ("application/json", b"\xff", 400), ("application/json", b"[" * 60_000, 400),
     ("application/json", b"NaN", 400), ("application/json", b"[]", 422), ("application/json", b"", 400),
     ("application/json; charset=utf-8", b'{"name": "x", "extra": 1}', 422)],
)  # fmt: skip
async def test_a_body_that_cannot_be_taken_is_told(scene: Scene, kind: str, body: bytes, status: int) -> None:
    async with scene.client() as client:
        headers = scene.bearer("admin") | {"Content-Type": kind}
        response = await client.post("/api/v1/users", headers=headers, content=body)
    assert response.status_code == status
    code(response)


# -- failures and secrets --------------------------------------------------------------------------


def _broken(_call: Call[Nothing, Nothing]) -> dict[str, object]:
    raise RuntimeError(SECRET)


def _busy(_call: Call[Nothing, Nothing]) -> dict[str, object]:
    raise StoreBusyError("the store is locked by another process: try again")


async def test_what_nobody_foresaw_is_one_line_without_the_words_of_a_request(scene: Scene) -> None:
    said: list[tuple[str, int]] = []
    say_by(lambda text, gravity: said.append((text, gravity)))
    broken = Endpoint("GET", "/broken", "Break", _broken, "read")
    busy = Endpoint("GET", "/busy", "Be busy", _busy, "read")
    async with scene.client((*ENDPOINTS, broken, busy)) as client:
        response = await client.get("/broken", headers=scene.bearer("read"))
        assert (response.status_code, code(response)) == (500, "internal")
        assert SECRET not in response.text
        again = await client.get("/busy", headers=scene.bearer("read"))
        assert (again.status_code, code(again), again.headers["Retry-After"]) == (503, "busy", "1")
    assert len(said) == 1
    assert said[0][0].startswith("RuntimeError at test_service_frame.py:")
    assert SECRET not in str(said)
    logging.getLogger("socterm.service").exception("x", exc_info=RuntimeError(SECRET))
    assert said[1] == ("x (RuntimeError)", 3)


def test_what_goes_wrong_in_no_request_is_said_as_all_else_is(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[tuple[str, int]] = []
    say_by(lambda text, gravity: said.append((text, gravity)))
    loop = asyncio.new_event_loop()
    loop.call_soon(_broken, None)
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    [(text, gravity)] = said
    assert (text[:21], text[-14:], gravity) == ("Exception in callback", "(RuntimeError)", 3)
    assert SECRET not in text + capfd.readouterr().err


async def test_secrets_are_in_no_answer_but_the_one_that_makes_them(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scene.user("ann", "admin")
    told: list[str] = []
    async with scene.client() as client:
        headers = scene.bearer("admin")
        wrong = [
            {"name": "bob", "role": "read", "password": SECRET, "more": SECRET}, {"password": SECRET[:5]},
            {"name": SECRET + " ", "role": SECRET, "password": 5}, SECRET,
        ]  # fmt: skip
        for body in wrong:
            response = await client.post("/api/v1/users", headers=headers, json=body)
            assert response.status_code == 422
            told.append(response.text)
        made = await client.post(
            "/api/v1/users", headers=headers, json={"name": "bob", "role": "read", "password": SECRET}
        )
        changed = await client.patch("/api/v1/users/bob", headers=headers, json={"password": SECRET + "2"})
        token = (
            await client.post("/api/v1/tokens", headers=headers, json={"name": "ci", "scopes": ["read"]})
        ).json()["token"]
        told += [made.text, changed.text, (await login(client, "bob", SECRET)).text]
        for path in ("users", "tokens", "alerts", "incidents", "rules", "sources", "events"):
            told.append((await client.get(f"/api/v1/{path}", headers=headers)).text)
        told.append((await client.get("/openapi.json", headers=headers)).text)
    everything = "".join(told) + caplog.text + repr(scene.service.signer) + repr(scene.store.identity.users())
    assert SECRET not in everything
    assert token not in everything
    assert "scrypt$" not in everything
    assert scene.token("admin") not in everything


@pytest.mark.parametrize(
    ("address", "key"),
    [("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:db8:0:1::9", "2001:db8:0:1::/64"),
     ("2001:db8::9", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), ("", ""), ("unix", "unix")],
)  # fmt: skip
def test_a_subscriber_has_one_limit(address: str, key: str) -> None:
    assert client({"client": (address, 1)}) == key


@given(st.recursive(st.text() | st.floats() | st.integers() | st.none(), st.lists))
def test_any_answer_is_ascii_json(told: object) -> None:
    body = encoded({"told": told, "half": "\ud800", "csi": "\x9b1m", "inf": float("inf")})
    assert body.isascii()
    assert json.loads(body)["inf"] is None
    assert json.loads(body)["half"] == "\ufffd"
    assert json.loads(body)["csi"] == "\x9b1m"
    body.decode()


# -- where it may be reached -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "8514", ":8514", "::1:8514", "[127.0.0.1]:1", "a.example:1", "1.2.3.4:x", "1.2.3.4:70000",
     "1.2.3.4:²", "1.2.3.4"],
)  # fmt: skip
def test_what_is_no_place_to_listen(text: str) -> None:
    with pytest.raises(ValueError, match="ADDRESS:PORT"):
        listening(text)


def test_who_reaches_what_under_which_conditions(tmp_path: Path) -> None:
    pair = {"cert": tmp_path / "a", "key": tmp_path / "b"}
    for listen, more, anybody, fine in [
        ("127.0.0.1:1", {}, False, True), ("[::1]:1", {}, False, True), ("0.0.0.0:1", {}, True, False),
        ("192.0.2.1:1", {}, True, False), ("[::]:1", {"behind_proxy": True}, True, True),
        ("0.0.0.0:1", {"behind_proxy": True}, False, False), ("0.0.0.0:1", pair, True, True),
        ("0.0.0.0:1", pair, False, False),
    ]:  # fmt: skip
        config = ApiConfig.model_validate({"listen": listen, **more})
        if fine:
            check_reach(config, place_of(config), anybody=anybody)
            continue
        with pytest.raises(SoctermError) as error:
            check_reach(config, place_of(config), anybody=anybody)
        assert error.value.exit_code == 3
    with pytest.raises(UsageError, match="goes with its key"):
        place_of(ApiConfig(cert=tmp_path / "a"))


@pytest.mark.parametrize(("proxies", "statuses"), [((), [200, 429]), (("127.0.0.1",), [200, 200])])
def test_who_asks_is_believed_of_our_own_proxies_only(
    tmp_path: Path, proxies: tuple[str, ...], statuses: list[int]
) -> None:
    scene = Scene(tmp_path / "a.db", terms=Terms(requests=1))
    server = Server(make_app(scene.service, ENDPOINTS), Place("127.0.0.1", 0, proxies=proxies))
    server.start()
    told = [
        httpx.get(f"{server.url}/health", headers={"X-Forwarded-For": address}, timeout=60).status_code
        for address in ("192.0.2.7", "192.0.2.8")
    ]
    server.close()
    scene.store.close()
    assert told == statuses


def test_the_names_it_goes_by(tmp_path: Path) -> None:
    config = ApiConfig.model_validate({"listen": "0.0.0.0:1", "hosts": ["soc.example.org"]})
    hosts = set(terms_of(config, place_of(config)).hosts)
    assert {"localhost", "127.0.0.1", "::1", "soc.example.org"} <= hosts
    assert "0.0.0.0" not in hosts
    assert place_of(config).proxies == ()
    behind = ApiConfig.model_validate({"behind_proxy": True, "proxies": ["192.0.2.7"]})
    assert place_of(behind).proxies == ("192.0.2.7",)
