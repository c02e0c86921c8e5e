"""What people read in their browser where they get no console: a page, in the words that programs get."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from socterm.service.browser.readable import Readable
from socterm.service.browser.routes import Browser
from socterm.service.service import Terms, make_app
from socterm.service.serving import view_of
from socterm.service.table import ENDPOINTS
from tests.service_scene import HOST, PLENTY, Scene, code

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@asynccontextmanager
async def browsing(folder: Path, terms: Terms = PLENTY) -> AsyncIterator[httpx.AsyncClient]:
    scene = Scene(folder / "soc.db", terms=terms)
    app = Readable(make_app(scene.service, ENDPOINTS, Browser(view_of(scene.service, None, {})).routes()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{HOST}") as http:
        yield http


ASKED = [
    ("GET", "/nowhere", {}, 404, "there is nothing of that name"),
    ("GET", "/assets/none.js", {}, 404, "there is no such file"),
    ("GET", "/", {"Host": "evil.example"}, 421, "does not go by that name"),
    ("POST", "/login", {"Origin": "https://evil.example"}, 403, "pages of other sites may not ask here"),
    ("POST", "/console", {}, 405, "cannot be asked that way"),
]


@pytest.mark.parametrize(("method", "path", "told", "status", "words"), ASKED)
async def test_a_refusal_is_a_page_for_people_and_json_for_programs(
    tmp_path: Path, method: str, path: str, told: dict[str, str], status: int, words: str
) -> None:
    async with browsing(tmp_path) as http:
        page = await http.request(method, path, headers={**PAGE, **told})
        assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert words in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert int(page.headers["content-length"]) == len(page.content)
        assert len(page.headers.get_list("content-type")) == 1
        program = await http.request(method, path, headers=told)
        assert (program.status_code, bool(code(program))) == (status, True)
        assert words in program.json()["error"]["message"]


async def test_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    async with browsing(tmp_path, Terms(requests=2)) as http:
        answers = [await http.get("/login", headers=PAGE) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["content-type"] == "text/html; charset=utf-8"
        assert int(answers[2].headers["retry-after"]) > 0
        assert "too often" in answers[2].text


async def test_what_programs_ask_for_is_answered_to_programs(tmp_path: Path) -> None:
    async with browsing(tmp_path) as http:
        for path in ("/api/v1/alerts", "/api/v1/none", "/metrics", "/openapi.json", "/upload"):
            assert code(await http.get(path, headers=PAGE)) in {"unauthorised", "not_found"}
        assert (await http.get("/health", headers=PAGE)).json()["status"]


async def test_the_answer_to_head_has_no_body(tmp_path: Path) -> None:
    async with browsing(tmp_path) as http:
        answer = await http.head("/nowhere", headers=PAGE)
        assert (answer.status_code, answer.content) == (404, b"")
