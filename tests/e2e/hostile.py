"""Log lines written to take over the terminal they are read on; each holds a word to find it by."""

from __future__ import annotations

from pathlib import Path

PAYLOADS: dict[str, tuple[bytes, str]] = {
    "Titleword": (b"\x1b]0;Titleword\x07", "␛]0;Titleword␇"),
    "Clipword": (b"Clipword\x1b]52;c;Q2xpcHdvcmQ=\x07", "Clipword␛]52;c;Q2xpcHdvcmQ=␇"),
    "Linkword": (b"\x1b]8;;http://x/\x1b\\Linkword\x1b]8;;\x1b\\", "Linkword␛]8;;␛\\"),
    "Dcsword": (b"\x1bP1$t-Dcsword\x1b\\", "␛P1$t-Dcsword␛\\"),
    "Apcword": (b"\x1b_Apcword\x1b\\", "␛_Apcword␛\\"),
    "Colourword": (b"\x1b[5;8;53m-Colourword", "␛[5;8;53m-Colourword"),
    "Cursorword": (b"\x1b[999;999H\x1b[2J-Cursorword", "␛[2J-Cursorword"),
    "Resetword": (b"\x1bc-Resetword\x1b(0", "␛c-Resetword␛(0"),
    "Twobyteword": ("\x9b5m-Twobyteword\x9d0;x\x9c".encode(), "<U+009B>5m-Twobyteword"),
    "Onebyteword": (b"\x9b5m-Onebyteword\x9d0;x\x9c", "\ufffd5m-Onebyteword"),
    "Bidiword": ("Bidiword\u202egnp.exe\u2066".encode(), "Bidiword<U+202E>gnp.exe"),
    "Nulword": (b"Nul\x00word", "Nulword"),
    "Zeroword": ("Zeroword\u200bx\ufeff".encode(), "Zeroword<U+200B>x<U+FEFF>"),
    "Fooword": (b"[/foo]Fooword[bold]", "[/foo]Fooword[bold]"),
    "Clickword": (b"[@click=app.quit]Clickword[/]", "[@click=app.quit]Clickword[/]"),
    "Returnword": (b"Returnword\r\x08\x0b\x0c", "Returnword␍␈␋␌"),
    "Zalgoword": (b"Zalgoword" + "\u0301".encode() * 60, "Zalgoword"),
    "Halfword": (b"\xed\xb2\x80Halfword\xff\xfe", "Halfword"),
    "Hugeword": (b"Hugeword" + b"x" * 300, "Hugewordxxx"),
    "eeeeEEword": (b"eeeeEEword", "eeeeEEword"),
}
"""Word → (bytes as they stand in the log, some of what a person should see of them)."""

HARMLESS_BYTES = {"Fooword", "Clickword", "Hugeword", "eeeeEEword"}
"""Words of payloads that a terminal may get as they are; they are after markup, width and keys."""


def lines() -> list[bytes]:
    """Each payload as a user who fails to log in six times, then as host, program and message of a line."""
    out: list[bytes] = []
    for number, (payload, _) in enumerate(PAYLOADS.values()):
        for second in range(6):
            stamp = b"2026-03-17T10:%02d:%02dZ" % (number, second)
            start = b"%s web1 sshd[%d]: Failed password for invalid user " % (
                stamp,
                1000 + 10 * number + second,
            )
            out.append(start + payload + b" from 203.0.113.%d port 40000 ssh2" % (number + 1))
    for number, (payload, _) in enumerate(PAYLOADS.values()):
        short = payload[:200]
        out.append(b"2026-03-17T11:00:%02dZ " % number + short + b" " + short + b": said " + payload)
        out.append(payload)
    out += [b"eeee"] * 3
    out.append(b"2026-03-17T11:00:59Z web1 big[1]: Megaword\x1b]0;Titleword\x07" + b"x" * 1_000_000)
    out.append(b"2026-03-17T11:01:00Z web1 last[1]: Lastword")
    return out


def write(folder: Path) -> Path:
    """The lines in a file."""
    log = folder / "auth.log"
    log.write_bytes(b"".join(line + b"\n" for line in lines()))
    return log
