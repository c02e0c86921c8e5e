"""Process-creation events as a Windows network sends them: other people's attacks among benign variants.

The attacks are the events of a regression file (JSON lines with `logsource` and `events`); the variants are
made of them by putting everyday programs, arguments and users in their place. The same seed makes the same
stream.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BENIGN = 0.95
"""The share of events that are variants."""

_SYSTEM = "C:\\Windows\\System32\\"
PROGRAMS = (
    *(_SYSTEM + name for name in (
        "svchost.exe", "conhost.exe", "RuntimeBroker.exe", "SearchProtocolHost.exe", "taskhostw.exe",
        "backgroundTaskHost.exe", "cmd.exe", "WindowsPowerShell\\v1.0\\powershell.exe", "net.exe", "reg.exe",
        "schtasks.exe", "rundll32.exe", "msiexec.exe", "wbem\\WmiPrvSE.exe",
    )),
    "C:\\Windows\\explorer.exe",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files\\Git\\cmd\\git.exe",
    "C:\\Program Files\\Python311\\python.exe",
)  # fmt: skip
WORDS = (
    "report", "budget", "invoice", "setup", "update", "agent", "sync", "cache", "build", "index", "deploy",
    "backup", "monitor", "helper", "viewer", "printer", "notes", "photos", "music", "mail", "chat", "store",
    "config", "export", "import", "chart", "table", "team", "sales",
)  # fmt: skip


def stream(regressions: Path, count: int, seed: int) -> Iterator[bytes]:
    """That many events as lines of JSON."""
    draw = random.Random(seed)
    attacks = [
        event
        for line in regressions.read_text().splitlines()
        if (case := json.loads(line))["logsource"].get("category") == "process_creation"
        for event in case["events"]
    ]
    for _ in range(count):
        event = copy.deepcopy(draw.choice(attacks))
        data = event["Event"]["EventData"]
        if draw.random() < BENIGN:
            _everyday(data, draw)
        data["ProcessId"] = draw.randrange(100_000)
        if "Hashes" in data:
            data["Hashes"] = ",".join(
                f"{kind}={draw.getrandbits(bits):0{bits // 4}X}"
                for kind, bits in (("SHA1", 160), ("MD5", 128), ("SHA256", 256), ("IMPHASH", 128))
            )
        yield json.dumps(event).encode()


def _everyday(data: dict[str, Any], draw: random.Random) -> None:
    image, parent = draw.choice(PROGRAMS), draw.choice(PROGRAMS)
    data["Image"] = image
    data["OriginalFileName"] = image.rsplit("\\", 1)[1]
    data["CommandLine"] = " ".join([f'"{image}"', *(_argument(draw) for _ in range(draw.randrange(1, 9)))])
    data["ParentImage"] = parent
    data["ParentCommandLine"] = " ".join([f'"{parent}"', *draw.choices(WORDS, k=draw.randrange(4))])
    data["CurrentDirectory"] = draw.choice((_SYSTEM, f"C:\\Users\\{draw.choice(WORDS)}\\"))
    data["User"] = f"CORP\\{draw.choice(WORDS)}"


def _argument(draw: random.Random) -> str:
    behind = draw.choice(("", f"={draw.choice(WORDS)}", ".txt", str(draw.randrange(10_000))))
    return draw.choice(("--", "/", "-", "")) + draw.choice(WORDS) + behind
