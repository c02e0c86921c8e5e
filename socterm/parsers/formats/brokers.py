"""Brokers, caches, monitors that say who they are: Kafka, RabbitMQ, NATS, Redis, Icinga, IBM MQ.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "log.level", "message")
('warn', 'Under minimum replicas')
"""

from __future__ import annotations

import re
from collections.abc import Callable

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.peers import put_end_of
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import HOUR
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_LOGGED_IN = mark("service_login", "success")
_FAILED = mark("service_login", "failure")
_WEB_FAILED = mark("web_login", "failure")
_CONNECT = mark("service_connect")
_LEFT = mark("service_disconnect")

_KAFKA = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\] (TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +")
_KAFKA_CLASS = re.compile(r" {1,2}\(([a-z][\w$]{0,60}(?:\.[\w$]{1,80}){1,12})\)$")
_KAFKA_PART = re.compile(r"\[([^\[\]]{1,200})\]:? ")


def kafka(text: str, f: Fields, reading: Reading) -> Found | None:
    """[stamp] LEVEL [component] message (class)"""
    head = _KAFKA.match(text)
    if head is None:
        return None
    first, newline, more = text.partition("\n")
    name = _KAFKA_CLASS.search(first, max(0, len(first) - 220))
    ts = when(reading.clock, head[1]) if name is not None else None
    if name is None or ts is None:
        return None
    message = first[head.end() : name.start()]
    part = _KAFKA_PART.match(message)
    if part is not None:
        f["kafka.component"] = part[1]
        message = message[part.end() :]
    f["event.dataset"], f["log.level"], f["log.logger"] = "kafka", head[2].lower(), name[1]
    f["message"] = message + newline + more
    return ts, logsources_of("kafka"), 1


_RABBIT = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3,6}(?:[+-]\d\d:\d\d)?) \[(\w{1,10})\] "
    r"(<\d{1,6}\.\d{1,9}\.\d{1,6}>) "
)
_RABBIT_PEER = re.compile(
    r"(?:accepting|closing) AMQP connection (?:<[\d.]{1,30}> )?\((\S{3,80}) -> \S{3,80}(?:,"
    r" vhost: '.{0,200}', user: '(.{0,300})')?\)"
)
_RABBIT_ERROR = re.compile(r"Error on AMQP connection <[\d.]{1,30}> \((\S{3,80}) -> ")
_RABBIT_USER = re.compile(
    r"(?:connection <[\d.]{1,30}> \((\S{3,80}) -> \S{3,80}\): )user '(.*)' authenticated and granted access"
)
_RABBIT_REFUSED = re.compile(
    r"(?:(?:PLAIN|AMQPLAIN|EXTERNAL|RABBIT-CR-DEMO) login refused: |HTTP access denied: )"
    r"(?:user '(.*)' - )?(.*)",
    re.DOTALL,
)


def rabbitmq(text: str, f: Fields, reading: Reading) -> Found | None:
    """stamp [level] <erlang process> message; a process serves one peer."""
    head = _RABBIT.match(text)
    ts = when(reading.clock, head[1]) if head is not None else None
    if head is None or ts is None:
        return None
    message = text[head.end() :]
    f["event.dataset"], f["log.level"], f["rabbitmq.process"], f["message"] = (
        "rabbitmq",
        head[2].lower(),
        head[3],
        message,
    )
    _rabbit_said(message[:2048], f"rabbitmq {head[3]}", ts, f, reading)
    return ts, logsources_of("rabbitmq", f.get("event.action", "")), 1


def _rabbit_said(message: str, key: str, ts: int, f: Fields, reading: Reading) -> None:
    memory = reading.memory
    error = _RABBIT_ERROR.match(message)
    peer = _RABBIT_PEER.match(message) if error is None else None
    if error is not None or peer is not None:
        found = error or peer
        assert found is not None  # noqa: S101 - one of the two is there
        put_end_of(f, found[1])
        if message.startswith("closing"):
            if memory.recall(key) is not None:
                memory.keep(key, {})
            f |= _LEFT
        else:
            memory.keep(key, {"peer": found[1], "ts": ts})
            if peer is not None:
                f |= _CONNECT
        if peer is not None and peer[2]:
            f["user.name"] = peer[2]
        return
    user = _RABBIT_USER.match(message)
    if user is not None:
        put_end_of(f, user[1])
        f["user.name"] = user[2]
        f |= _LOGGED_IN
        return
    refused = _RABBIT_REFUSED.match(message)
    if refused is not None:
        if refused[1]:
            f["user.name"] = refused[1]
        f["event.reason"] = refused[2]
        known = memory.recall(key)
        if known is not None and -HOUR < ts - known["ts"] < HOUR:
            put_end_of(f, known["peer"])
        f |= _WEB_FAILED if message.startswith("HTTP") else _FAILED


_NATS = re.compile(r"\[(\d{1,10})\] (\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6}) \[(INF|DBG|WRN|ERR|FTL|TRC)\] ")
_NATS_CLIENT = re.compile(r"(\S{3,80}) - (?:cid|rid|lid|wid|mid|gid):(\d{1,18}) - (?:\"[^\"]{0,200}\" - )?")
_NATS_LEVELS = {
    "INF": "info",
    "DBG": "debug",
    "WRN": "warning",
    "ERR": "error",
    "FTL": "fatal",
    "TRC": "trace",
}


def nats(text: str, f: Fields, reading: Reading) -> Found | None:
    """[pid] stamp [LVL] ADDRESS:PORT - cid:N - message"""
    head = _NATS.match(text)
    ts = when(reading.clock, head[2]) if head is not None else None
    if head is None or ts is None:
        return None
    message = text[head.end() :]
    f["event.dataset"], f["process.pid"], f["log.level"] = "nats", int(head[1]), _NATS_LEVELS[head[3]]
    client = _NATS_CLIENT.match(message)
    if client is not None:
        put_end_of(f, client[1])
        f["nats.client_id"] = int(client[2])
        message = message[client.end() :]
        if "authentication error" in message[:60] or "Authorization Violation" in message[:60]:
            f |= _FAILED
    f["message"] = message
    return ts, logsources_of("nats", f.get("event.action", "")), 1


_REDIS = re.compile(
    r"(?:(\d{1,10}):([XCSM]) |\[(\d{1,10})\] )?(\d{1,2} [A-Z][a-z]{2}(?: \d{4})?"
    r" \d\d:\d\d:\d\d(?:\.\d{3})?) ([.\-*#]) "
)
_REDIS_SIGNAL = re.compile(r"(\d{1,10}):signal-handler \((\d{9,11})\) ")
_REDIS_LEVELS = {".": "debug", "-": "verbose", "*": "notice", "#": "warning"}
_REDIS_ROLES = {"X": "sentinel", "C": "child", "S": "replica", "M": "master"}
_REDIS_ACCEPTED = re.compile(r"Accepted (\S{3,80})$")


def redis(text: str, f: Fields, reading: Reading) -> Found | None:
    """pid:role day month year time level message"""
    head = _REDIS.match(text)
    if head is None:
        return _redis_signal(text, f, reading)
    ts = when(reading.clock, head[4])
    if ts is None:
        return None
    f["event.dataset"], f["log.level"], f["message"] = "redis", _REDIS_LEVELS[head[5]], text[head.end() :]
    pid = head[1] or head[3]
    if pid:
        f["process.pid"] = int(pid)
    if head[2]:
        f["redis.role"] = _REDIS_ROLES[head[2]]
    accepted = _REDIS_ACCEPTED.match(text, head.end())
    if accepted is not None:
        put_end_of(f, accepted[1])
    return ts, logsources_of("redis"), 1


def _redis_signal(text: str, f: Fields, reading: Reading) -> Found | None:
    """pid:signal-handler (epoch) message"""
    head = _REDIS_SIGNAL.match(text)
    ts = when(reading.clock, head[2]) if head is not None else None
    if head is None or ts is None:
        return None
    f["event.dataset"], f["process.pid"], f["message"] = "redis", int(head[1]), text[head.end() :]
    return ts, logsources_of("redis"), 1


_ICINGA = re.compile(
    r"(?:\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\] )?(debug|notice|information|warning"
    r"|critical)/([A-Z]\w{1,60}|cli|config): "
)


def icinga(text: str, f: Fields, reading: Reading) -> Found | None:
    """[stamp] level/Facility: message; the start-up log has no stamp."""
    head = _ICINGA.match(text)
    if head is None:
        return None
    ts = when(reading.clock, head[1]) if head[1] else None
    if ts is None and head[1]:
        return None
    f["event.dataset"], f["log.level"], f["icinga.facility"] = "icinga", head[2], head[3]
    f["message"] = text[head.end() :]
    return ts, logsources_of("icinga"), 1


_MQ = re.compile(
    r"(?:-{5}[^\n]{0,120}\n)?(\d\d)([/.])(\d\d)[/.](\d{4}) (\d\d:\d\d:\d\d) -"
    r" Process\((\d{1,10})\.\d{1,10}\) User\(([^()]{0,100})\) "
    r"Program\(([^()]{0,200})\)"
)
_MQ_PART = re.compile(r"\s(Host|Installation|VRMF|QMgr|Time)\(([^()\n]{0,200})\)")
_MQ_CODE = re.compile(r"\n(AMQ\d{4}[A-Z]?): ([^\n]*(?:\n[^\n]+)*)")


def ibm_mq(text: str, f: Fields, reading: Reading) -> Found | None:
    """day/month/year time - Process(…) User(…) Program(…), and what else its record joins."""
    head = _MQ.match(text)
    if head is None or len(text) > 16_384:
        return None
    day, month, year = head[1], head[3], head[4]
    ts = when(reading.clock, f"{year}-{month}-{day} {head[5]}")
    f["event.dataset"], f["process.pid"], f["process.title"] = "ibmmq", int(head[6]), head[8]
    if head[7]:
        f["user.name"] = head[7]
    parts = dict(_MQ_PART.findall(text[:2048]))
    if "Host" in parts:
        f["host.hostname"] = parts["Host"]
    if "QMgr" in parts:
        f["ibmmq.queue_manager"] = parts["QMgr"]
    exact = when(reading.clock, parts["Time"]) if "Time" in parts else None
    code = _MQ_CODE.search(text)
    if code is not None:
        f["event.code"], f["message"] = code[1], code[2].replace("\n", " ")
    else:
        f["message"] = text[head.end(5) + 3 :]
    moment = exact if exact is not None else ts
    return None if moment is None else (moment, logsources_of("ibmmq"), 1)


_READERS: tuple[tuple[str, Callable[[str, Fields, Reading], Found | None]], ...] = (
    ("[", kafka),
    ("0123456789", rabbitmq),
    ("[", nats),
    ("[0123456789", redis),
    ("[dniwc", icinga),
    ("-0123456789", ibm_mq),
)
"""(first characters, reader)."""


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of all of them."""
    first = text[:1]
    for begins, read in _READERS:
        if first in begins:
            found = read(text, f, reading)
            if found is not None:
                return found
    return None


FORMATS = (
    Format(
        name="brokers",
        title="Kafka, RabbitMQ, NATS, Redis, Icinga, IBM MQ",
        example="[2026-11-20 10:00:00,474] WARN [Partition orders-3 broker=10] Under minimum replicas "
        "(kafka.cluster.Partition)",
        line=line,
        begins="[0123456789iwcdn-",
        order=60,
    ),
)
