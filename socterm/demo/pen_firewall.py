"""What the kernel says about packets for ufw, on a gateway between the house and the internet."""

from __future__ import annotations

from socterm.demo.model import Log
from socterm.demo.sheet import Sheet

UFW = Log("ufw.log")
"""/var/log/ufw.log: what the firewall logs, nothing else."""

GATEWAY = "gw01"
OURS = tuple(f"192.0.2.{n}" for n in range(1, 7))
"""Our addresses as the internet sees them; the first is the gateway itself."""

_MAC_IN = "MAC=52:54:00:1a:2b:01:00:16:3e:5e:6f:70:08:00"
_MAC_LAN = "MAC=52:54:00:1a:2b:02:00:16:3e:11:22:33:08:00"
SYN = "WINDOW={window} RES=0x00 SYN URGP=0 "
LATE = "WINDOW={window} RES=0x00 ACK FIN URGP=0 "


class FirewallPen:
    """Writes the gateway's packets. `inside` packets come from the house, all others from the internet."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._rng = sheet.rng

    def tcp(
        self,
        at: float,
        source: str,
        target: str,
        port: int,
        *,
        sport: int = 0,
        flags: str = SYN,
        ttl: int = 0,
    ) -> float:
        """A TCP packet from the internet that no rule lets in."""
        window = (1024, 65535, 64240, 29200)[int(self._rng.random() * 4)]
        head = self._head(
            source, target, 40 if flags is not SYN else 44, ttl or 40 + int(self._rng.random() * 20)
        )
        ports = f"SPT={sport or self._port()} DPT={port} "
        return self._put(
            at, f"[UFW BLOCK] IN=eth0 OUT= {_MAC_IN} {head}PROTO=TCP {ports}{flags.format(window=window)}"
        )

    def udp(
        self, at: float, source: str, target: str, port: int, *, sport: int = 0, length: int = 78
    ) -> float:
        """A UDP packet from the internet that no rule lets in."""
        head = self._head(source, target, length, 48 + int(self._rng.random() * 60))
        ports = f"SPT={sport or self._port()} DPT={port} LEN={length - 20} "
        return self._put(at, f"[UFW BLOCK] IN=eth0 OUT= {_MAC_IN} {head}PROTO=UDP {ports}")

    def forwarded(
        self, at: float, source: str, target: str, port: int, *, verdict: str = "ALLOW", proto: str = "TCP"
    ) -> float:
        """A new connection from inside: to the internet, or (another `10.20.`) to another network of ours."""
        out = "eth2" if target.startswith("10.") else "eth0"
        head = self._head(source, target, 60 if proto == "TCP" else 76, 63)
        flags = SYN.format(window=64240) if proto == "TCP" else "LEN=56 "
        ports = f"SPT={self._port()} DPT={port} "
        line = f"[UFW {verdict}] IN=eth1 OUT={out} {_MAC_LAN} {head}PROTO={proto} {ports}{flags}"
        return self._put(at, line)

    def multicast(self, at: float, source: str, target: str, port: int) -> float:
        """Chatter of the house's own machines, blocked because nobody needs it."""
        head = f"SRC={source} DST={target} LEN=203 TOS=0x00 PREC=0x00 TTL=1 ID=0 DF "
        mac = "MAC=01:00:5e:7f:ff:fa:00:16:3e:11:22:44:08:00"
        return self._put(at, f"[UFW BLOCK] IN=eth1 OUT= {mac} {head}PROTO=UDP SPT={port} DPT={port} LEN=183 ")

    def _head(self, source: str, target: str, length: int, ttl: int) -> str:
        number = int(self._rng.random() * 65535)
        return f"SRC={source} DST={target} LEN={length} TOS=0x00 PREC=0x00 TTL={ttl} ID={number} "

    def _port(self) -> int:
        return 32768 + int(self._rng.random() * 28232)

    def _put(self, at: float, text: str) -> float:
        return self._sheet.put(at, UFW, f"kernel: {text}", host=GATEWAY)
