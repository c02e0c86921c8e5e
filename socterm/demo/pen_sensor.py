"""What a Suricata sensor writes of flows and questions: EVE JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from socterm.demo.model import Log
from socterm.demo.sheet import STAMP, Sheet


def _eve(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f%z}"


EVE = Log("eve.json", _eve)
RESOLVER = "10.20.0.53"
_TCP = {"new": "syn_sent", "closed": "closed"}


class SensorPen:
    """Writes what a sensor saw on the wire."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._rng = sheet.rng

    def flow(
        self, at: float, source: str, target: str, port: int, *, out: int = 4200, back: int = 61000
    ) -> float:
        """A TCP connection that is over; `out` and `back` are bytes. 54 back: it was reset; 0: no answer."""
        state, flags = ("new", "02") if not back else ("closed", "16" if back <= 54 else "1b")
        flow = {
            "pkts_toserver": 1 + out // 900, "pkts_toclient": -(-back // 1200), "bytes_toserver": out,
            "bytes_toclient": back, "start": STAMP, "end": STAMP, "age": 0, "state": state,
            "reason": "timeout", "alerted": False,
        }  # fmt: skip
        tcp = {"tcp_flags": flags, "syn": True, "rst": flags == "16", "ack": bool(back), "state": _TCP[state]}
        kind = {443: "tls", 80: "http", 21: "ftp"}.get(port, "failed")
        return self._say(
            at, "flow", (source, target, port, "TCP"), {"app_proto": kind, "flow": flow, "tcp": tcp}
        )

    def question(self, at: float, client: str, name: str, kind: str = "A") -> float:
        """A question to the house's name server."""
        dns = {"type": "query", "id": self._rng.getrandbits(16), "rrname": name, "rrtype": kind, "tx_id": 0}
        return self._say(at, "dns", (client, RESOLVER, 53, "UDP"), {"dns": dns})

    def _say(
        self, at: float, kind: str, ends: tuple[str, str, int, str], more: Mapping[str, object]
    ) -> float:
        source, target, port, proto = ends
        fields = {
            "timestamp": STAMP, "flow_id": self._rng.getrandbits(50), "in_iface": "eth1",
            "event_type": kind, "src_ip": source, "src_port": 32768 + int(self._rng.random() * 28000),
            "dest_ip": target, "dest_port": port, "proto": proto, **more,
        }  # fmt: skip
        return self._sheet.put(at, EVE, json.dumps(fields, separators=(",", ":")))
