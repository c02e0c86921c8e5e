"""dockerd, containerd and podman on themselves: `time="…" level=info msg="…" container=ID`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "url.original")
('container_error', 'failure', '/v1.43/containers/create')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_PAIR = re.compile(r'([A-Za-z_][\w.]{0,40})=(?:"((?:[^"\\]|\\.){0,8192})"|([^\s"]{0,1024}))(?: |$)')
_ESCAPE = re.compile(r"\\(.)")
_MOST = 40
_NAMES = {
    "level": "log.level",
    "container": "container.id",
    "id": "container.id",
    "containerid": "container.id",
    "image": "container.image.name",
    "namespace": "docker.namespace",
    "module": "docker.module",
    "topic": "docker.topic",
    "error": "error.message",
}
_STARTED = mark("container_started")
_STOPPED = mark("container_stopped")
_ERROR = mark("container_error", "failure")
_TOPICS = {
    "/tasks/start": _STARTED,
    "/tasks/exit": _STOPPED,
    "/tasks/delete": _STOPPED,
    "/containers/create": _STARTED,
    "/containers/delete": _STOPPED,
}
_SAID = (
    ("shim disconnected", _STOPPED),
    ("cleaning up dead shim", _STOPPED),
    ("StartContainer for ", _STARTED),
    ("StopContainer for ", _STOPPED),
    ("RunPodSandbox for ", _STARTED),
    ("StopPodSandbox for ", _STOPPED),
    ("Container failed to exit within", _STOPPED),
)
_API = re.compile(r"(?:Handler for|Calling) ([A-Z]{3,7}) (/\S{1,1024})(?: returned error: (.*))?", re.DOTALL)


def docker(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for container daemons."""
    pairs: dict[str, str] = {}
    at = 0
    while at < len(msg) and len(pairs) < _MOST:
        found = _PAIR.match(msg, at)
        if found is None:
            break
        key, quoted, bare = found.groups()
        pairs.setdefault(key, bare if quoted is None else _ESCAPE.sub(r"\1", quoted))
        at = found.end()
    said = pairs.pop("msg", "")
    if "level" not in pairs:
        return mem.times
    if said:
        f["docker.message"] = said
    for key, value in pairs.items():
        name = _NAMES.get(key.lower())
        if name is not None and value:
            f.setdefault(name, value)
    api = _API.match(said)
    if api is not None:
        f["http.request.method"], f["url.original"] = api[1], api[2]
        if api[3]:
            f["error.message"] = api[3]
    f |= _meaning(pairs, said)
    return mem.times


def _meaning(pairs: dict[str, str], said: str) -> Fields:
    topic = _TOPICS.get(pairs.get("topic", ""))
    if topic is not None:
        return topic
    for words, what in _SAID:
        if said.startswith(words):
            return what
    return _ERROR if pairs["level"] in ("error", "fatal", "panic") else {}


_PROGRAM = Program(docker, "docker")
FORMATS = (
    Format(
        name="docker",
        title="dockerd, containerd, podman",
        example='Nov 20 10:00:00 box1 dockerd[811]: time="2026-11-20T10:00:00.123456789Z" level=error '
        'msg="Handler for POST /v1.43/containers/create returned error: No such image: evil:latest"',
        programs=dict.fromkeys(
            ("dockerd", "containerd", "docker", "podman", "crio", "dockerd-current"), _PROGRAM
        ),
    ),
)
