"""What name servers write about questions: dnsmasq (extra), Unbound (with replies), BIND (query log)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from socterm.demo.model import Log
from socterm.demo.sheet import STAMP, Sheet


def _epoch(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _bind(moment: datetime) -> str:
    return f"{moment:%d-%b-%Y %H:%M:%S}.{moment.microsecond // 1000:03d}"


DNSMASQ = Log("dnsmasq.log")
UNBOUND = Log("unbound.log", _epoch)
BIND = Log("named.log", _bind)
HOST = "dns01"
HOST_ADDRESS = "10.20.0.53"


class DnsPen:
    """Writes questions and what became of them into the log of one kind of name server."""

    def __init__(self, sheet: Sheet, log: Log) -> None:
        self._sheet = sheet
        self._rng = sheet.rng
        self._log = log
        sheet.begin(HOST, "q", 18200)

    def ask(
        self,
        at: float,
        client: str,
        name: str,
        kind: str = "A",
        *,
        answers: Sequence[str] = (),
        code: str = "NOERROR",
        cached: bool = False,
    ) -> float:
        """One question. Without `answers` and with NOERROR there is no record of that kind (NODATA)."""
        if self._log is UNBOUND:
            return self._unbound(at, client, name, kind, code, cached)
        if self._log is BIND:
            return self._bind(at, client, f"({name}): query: {name} IN {kind} +E(0)K ({HOST_ADDRESS})")
        return self._dnsmasq(at, client, name, kind, answers, code, cached)

    def refuse(self, at: float, client: str, name: str, kind: str = "A", *, transfer: bool = False) -> float:
        """BIND refuses recursion, or a zone transfer, to somebody who may not have it."""
        if transfer:
            return self._bind(
                at, client, f"({name}): zone transfer '{name}/AXFR/IN' denied", "xfer-out: error"
            )
        said = f"({name}): query (cache) '{name}/{kind}/IN' denied (allow-query-cache did not match)"
        return self._bind(at, client, said, "security: info")

    def transfer(self, at: float, client: str, zone: str, serial: int) -> float:
        """BIND hands a zone to a secondary server."""
        at = self._bind(
            at, client, f"({zone}): transfer of '{zone}/IN': AXFR started (serial {serial})", "xfer-out: info"
        )
        return self._bind(at, client, f"({zone}): transfer of '{zone}/IN': AXFR ended", "xfer-out: info")

    def _bind(self, at: float, client: str, said: str, category: str = "queries: info") -> float:
        handle = f"@0x7f3c{int(self._rng.random() * 0xFFFFFFF):07x}0"
        return self._sheet.put(
            at, BIND, f"{STAMP} {category}: client {handle} {client}#{self._port()} {said}"
        )

    def _unbound(self, at: float, client: str, name: str, kind: str, code: str, cached: bool) -> float:
        thread = int(self._rng.random() * 2)
        took = 0.0 if cached else 0.004 + 0.09 * self._rng.random()
        size = len(name) + 34 + int(self._rng.random() * 90)
        said = f"{client} {name}. {kind} IN {code} {took:.6f} {int(cached)} {size}"
        return self._sheet.put(at, UNBOUND, f"[{STAMP}] unbound[684:{thread}] info: {said}")

    def _dnsmasq(
        self, at: float, client: str, name: str, kind: str, answers: Sequence[str], code: str, cached: bool
    ) -> float:
        head = f"dnsmasq[702]: {self._sheet.token('q')} {client}/{self._port()}"
        at = self._sheet.put(at, DNSMASQ, f"{head} query[{kind}] {name} from {client}", host=HOST)
        word = "cached" if cached else "reply"
        if not cached:
            at = self._sheet.put(at, DNSMASQ, f"{head} forwarded {name} to 198.51.100.53", host=HOST)
            at += 0.01 + 0.06 * self._rng.random()
        said = answers or (code if code != "NOERROR" else f"NODATA{_FAMILY.get(kind, '')}",)
        for answer in said:
            at = self._sheet.put(at, DNSMASQ, f"{head} {word} {name} is {answer}", host=HOST)
        return at

    def _port(self) -> int:
        return 1024 + int(self._rng.random() * 64000)


_FAMILY = {"A": "-IPv4", "AAAA": "-IPv6"}
