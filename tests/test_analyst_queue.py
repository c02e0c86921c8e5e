"""One model, many who ask: who waits comes first, the background gives way, all are served in the end."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field
from socterm.analyst import open_backend
from socterm.analyst.backend import BackendError, Cancelled, Chunk, Message, Priority, Wish
from socterm.analyst.backends import NullBackend, QueuedBackend, ScriptedBackend
from socterm.analyst.backends.asking import Request
from socterm.analyst.backends.neighbours import Neighbours
from socterm.analyst.backends.patience import Patience
from socterm.analyst.backends.scripted import Script, read_script
from socterm.analyst.backends.turns import Turns
from socterm.config import LlmConfig
from socterm.errors import UsageError

WAIT = 20


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(max_length=20)]


class Slow(ScriptedBackend):
    """Answers `go` to who is next, and for the rest when it is told to, or is to stop."""

    def __init__(self, patience: Patience = Patience(total=WAIT)) -> None:  # noqa: B008
        super().__init__(Script(answers=()), patience=patience)
        self.served: list[str] = []
        self.running = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def _stream(self, request: Request, cancel: Wish) -> Generator[Chunk]:
        name = request.messages[-1].content
        self.served.append(name)
        yield Chunk('{"text": "')
        self.running.release()
        while not self.go.acquire(timeout=0.01):
            if cancel.is_set():
                raise Cancelled
        yield Chunk(f'{name}"}}')


def ask(backend: QueuedBackend, name: str, priority: Priority, cancel: Wish | None = None) -> str:
    form = backend.at(priority).chat_json([Message("user", name)], Told, cancel=cancel or threading.Event())
    return form.value.text


class Asking(threading.Thread):
    """Somebody who asks, and what came of it."""

    def __init__(self, work: Callable[[], str]) -> None:
        super().__init__(daemon=True)
        self.work, self.came, self.error = work, "", ""
        self.start()

    def run(self) -> None:
        try:
            self.came = self.work()
        except (BackendError, Cancelled) as error:
            self.error = f"{type(error).__name__}: {error}"

    def end(self) -> str:
        self.join(WAIT)
        assert not self.is_alive()
        return self.came or self.error


def until(condition: Callable[[], bool]) -> None:
    step = threading.Event()
    for _ in range(WAIT * 100):
        if condition():
            return
        step.wait(0.01)
    raise AssertionError("it did not come to pass")


def test_chat_comes_before_triage_before_the_background_and_each_in_its_order() -> None:
    slow = Slow()
    backend = QueuedBackend(slow)
    first = Asking(lambda: ask(backend, "first", "chat"))
    assert slow.running.acquire(timeout=WAIT)
    others: list[Asking] = []
    for name in ("background 1", "triage 1", "background 2", "chat 1", "triage 2", "chat 2"):
        priority: Any = name.split()[0]
        others.append(Asking(lambda name=name, priority=priority: ask(backend, name, priority)))
        until(lambda: backend.turns.waiting == len(others))
    for _ in range(7):
        slow.go.release()
    assert [asking.end() for asking in (first, *others)] == [
        "first", "background 1", "triage 1", "background 2", "chat 1", "triage 2", "chat 2"
    ]  # fmt: skip
    assert slow.served == [
        "first",
        "chat 1",
        "chat 2",
        "triage 1",
        "triage 2",
        "background 1",
        "background 2",
    ]


def test_what_runs_in_the_background_gives_way_and_begins_anew() -> None:
    slow = Slow()
    backend = QueuedBackend(slow)
    background = Asking(lambda: ask(backend, "background", "background"))
    assert slow.running.acquire(timeout=WAIT)
    chat = Asking(lambda: ask(backend, "chat", "chat"))
    assert slow.running.acquire(timeout=WAIT)
    assert slow.served == ["background", "chat"]
    slow.go.release()
    assert chat.end() == "chat"
    slow.go.release()
    assert background.end() == "background"
    assert slow.served == ["background", "chat", "background"]


def test_triage_somebody_asked_for_is_finished_first() -> None:
    slow = Slow()
    backend = QueuedBackend(slow)
    triage = Asking(lambda: ask(backend, "triage", "triage"))
    assert slow.running.acquire(timeout=WAIT)
    chat = Asking(lambda: ask(backend, "chat", "chat"))
    until(lambda: backend.turns.waiting == 1)
    slow.go.release()
    slow.go.release()
    assert (triage.end(), chat.end()) == ("triage", "chat")
    assert slow.served == ["triage", "chat"]


def test_a_stream_that_has_begun_and_gives_way_says_so() -> None:
    slow = Slow()
    backend = QueuedBackend(slow)
    stream = backend.at("background").chat_stream([Message("user", "b")], cancel=threading.Event())
    assert next(stream).text == '{"text": "'
    chat = Asking(lambda: ask(backend, "chat", "chat"))
    until(lambda: backend.turns.waiting == 1)
    with pytest.raises(BackendError, match="others had to be served first"):
        next(stream)
    slow.go.release()
    assert chat.end() == "chat"


def test_who_cancels_while_waiting_is_gone_and_nobody_else_is() -> None:
    slow = Slow()
    backend = QueuedBackend(slow)
    first = Asking(lambda: ask(backend, "first", "chat"))
    assert slow.running.acquire(timeout=WAIT)
    cancel = threading.Event()
    gone = Asking(lambda: ask(backend, "gone", "chat", cancel))
    after = Asking(lambda: ask(backend, "after", "triage"))
    until(lambda: backend.turns.waiting == 2)
    cancel.set()
    assert gone.end().startswith("Cancelled")
    slow.go.release()
    slow.go.release()
    assert (first.end(), after.end()) == ("first", "after")
    assert slow.served == ["first", "after"]


def test_after_a_cancel_in_the_middle_the_next_is_served() -> None:
    slow = Slow()
    backend = QueuedBackend(slow)
    cancel = threading.Event()
    stopped = Asking(lambda: ask(backend, "stopped", "chat", cancel))
    assert slow.running.acquire(timeout=WAIT)
    after = Asking(lambda: ask(backend, "after", "chat"))
    until(lambda: backend.turns.waiting == 1)
    cancel.set()
    assert stopped.end().startswith("Cancelled")
    assert slow.running.acquire(timeout=WAIT)
    slow.go.release()
    assert after.end() == "after"


def test_an_abandoned_stream_gives_its_place_back() -> None:
    slow = Slow()
    backend = QueuedBackend(slow)
    stream = backend.chat_stream([Message("user", "left")], cancel=threading.Event())
    next(stream)
    stream.close()
    slow.go.release()
    assert ask(backend, "next", "chat") == "next"


def test_nobody_waits_longer_than_an_answer_may_take() -> None:
    slow = Slow(Patience(total=0.3))
    backend = QueuedBackend(slow)
    stream = backend.chat_stream([Message("user", "long")], cancel=threading.Event())
    next(stream)
    with pytest.raises(BackendError, match="busy with others"):
        ask(backend, "waits", "chat")
    stream.close()


def test_what_another_process_does_in_the_background_gives_way_too(tmp_path: Path) -> None:
    """Two queues that only share files, as those of ingest and of the console do."""
    slow, quick = Slow(), Slow()
    ingest = QueuedBackend(slow, Turns(Neighbours(tmp_path / "llm", "http://here")))
    console = QueuedBackend(quick, Turns(Neighbours(tmp_path / "llm", "http://here")))
    background = Asking(lambda: ask(ingest, "background", "background"))
    assert slow.running.acquire(timeout=WAIT)
    chat = Asking(lambda: ask(console, "chat", "chat"))
    assert quick.running.acquire(timeout=WAIT)
    assert slow.served == ["background"]
    quick.go.release()
    assert chat.end() == "chat"
    assert slow.running.acquire(timeout=WAIT)
    slow.go.release()
    assert background.end() == "background"
    assert slow.served == ["background", "background"]


def test_another_process_is_waited_for_and_one_that_died_is_not(tmp_path: Path) -> None:
    code = (
        "import sys, threading; from pathlib import Path\n"
        "from socterm.analyst.backends.neighbours import Neighbours\n"
        "with Neighbours(Path(sys.argv[1]), 'http://here').served(threading.Event(), urgent=True):\n"
        "    print('served', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "served\n"
        slow = Slow()
        backend = QueuedBackend(slow, Turns(Neighbours(tmp_path, "http://here")))
        elsewhere = QueuedBackend(Slow(), Turns(Neighbours(tmp_path, "http://there")))
        elsewhere.inner.go.release()  # type: ignore[attr-defined]
        assert ask(elsewhere, "another server", "chat") == "another server"
        cancel = threading.Event()
        gone = Asking(lambda: ask(backend, "gone", "chat", cancel))
        waits = Asking(lambda: ask(backend, "waits", "background"))
        until(lambda: backend.turns.waiting == 1)
        cancel.set()
        assert gone.end().startswith("Cancelled")
        assert slow.served == []
        other.kill()
    slow.go.release()
    assert waits.end() == "waits"


def test_where_no_file_can_be_made_the_queue_is_this_process_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    slow = Slow()
    slow.go.release()
    backend = QueuedBackend(slow, Turns(Neighbours(tmp_path / "file" / "llm", "http://here")))
    assert ask(backend, "served", "background") == "served"


def test_without_a_model_urgency_changes_nothing() -> None:
    null = NullBackend()
    assert null.at("background") is null


SCRIPT = """
model: demo
answers:
  - when: who
    answer:
      - use: [{tool: list_alerts}]
      - say: It was alice.
  - form: Told
    prompt: attack
    answer: [{json: {text: bad}}]
  - when: broken
    answer: [{say: Half, fail: runner died}]
"""


@pytest.fixture
def scripted(tmp_path: Path) -> QueuedBackend:
    file = tmp_path / "answers.yml"
    file.write_text(SCRIPT)
    backend = open_backend(LlmConfig(backend="scripted", script=file))
    assert isinstance(backend, QueuedBackend)
    return backend


TOOL = [{"type": "function", "function": {"name": "list_alerts"}}]


def test_a_script_uses_tools_and_then_answers(scripted: QueuedBackend) -> None:
    assert scripted.health().model == "demo"
    question = [Message("user", "who was it?")]
    chunks = list(scripted.chat_stream(question, tools=TOOL, cancel=threading.Event()))
    calls = chunks[0].calls
    assert [call.name for call in calls] == ["list_alerts"]
    done = [*question, Message("assistant", "", calls), Message("tool", "none", tool_name="list_alerts")]
    said = list(scripted.chat_stream(done, tools=TOOL, cancel=threading.Event()))
    assert [chunk.text for chunk in said[:-1]] == ["It ", "was ", "alice", "."]
    assert said[-1].usage is not None


def test_a_script_fills_forms_and_fails_like_a_model(scripted: QueuedBackend) -> None:
    cancel = threading.Event()
    form = scripted.chat_json([Message("system", "an attack"), Message("user", "?")], Told, cancel=cancel)
    assert form.value == Told(text="bad")
    stream = scripted.chat_stream([Message("user", "broken")], cancel=cancel)
    assert next(stream).text == "Half"
    with pytest.raises(BackendError, match="runner died"):
        next(stream)
    with pytest.raises(BackendError, match="no answer to that"):
        list(scripted.chat_stream([Message("user", "what else")], cancel=cancel))


def test_a_script_is_cancelled_between_two_words(tmp_path: Path) -> None:
    script = Script.model_validate({"pace": 5, "answers": [{"answer": [{"say": "a b c"}]}]})
    backend = QueuedBackend(ScriptedBackend(script))
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        list(backend.chat_stream([Message("user", "x")], cancel=cancel))


def test_texts_with_words_in_common_are_near(scripted: QueuedBackend) -> None:
    found = scripted.embed(["failed login", "login failed again", "disk full"], cancel=threading.Event())
    a, b, c = found.rows
    assert sum(map(float.__mul__, a, b)) > 0.7
    assert sum(map(float.__mul__, a, c)) < 0.3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("answers: [", "is no YAML"),
        ("- x", "valid dictionary"),
        ("answers: [{when: '(', answer: [{say: x}]}]", "is no regular expression"),
        ("answers: [{answer: []}]", "answers.0.answer"),
        ("answers: [{answer: [{shout: x}]}]", "shout"),
        ("pace: fast", "pace"),
    ],
)
def test_a_broken_script_is_one_line(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "answers.yml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_script(file)
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_the_example_in_the_documentation_is_a_script(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "analyst.md").read_text("utf-8")
    file = tmp_path / "answers.yml"
    file.write_text(page.split("```yaml\n")[1].split("```")[0])
    backend = ScriptedBackend(read_script(file))
    question = [Message("user", "who is 203.0.113.9?")]
    chunks = list(backend.chat_stream(question, tools=TOOL, cancel=threading.Event()))
    assert chunks[0].calls[0].arguments == {"field": "user.name", "query": "source.ip:203.0.113.9"}


def test_a_missing_script_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_script(tmp_path / "none.yml")
    with pytest.raises(UsageError, match=r"llm\.script"):
        open_backend(LlmConfig(backend="scripted"))


def test_a_configuration_says_which_backend() -> None:
    assert isinstance(open_backend(LlmConfig(backend="none")), NullBackend)
    openai = open_backend(LlmConfig(backend="openai", model="m", timeout=7, context=4096))
    assert isinstance(openai, QueuedBackend)
    assert (openai.longest, openai.num_ctx) == (7, 4096)
    assert type(openai.inner).__name__ == "CompatibleBackend"
    assert openai.inner.host == "http://127.0.0.1:8080"  # type: ignore[attr-defined]
