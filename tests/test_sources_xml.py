"""Windows events in XML files: one line for each, wherever lines end in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.sources.readers import DamagedError, open_reader

EVENT = (
    "<Event xmlns='x'><System><EventID>4104</EventID><Channel>Microsoft-Windows-PowerShell/Operational"
    "</Channel></System><EventData><Data Name='ScriptBlockText'>{}</Data></EventData></Event>"
)


def lines_of(path: Path, data: bytes) -> list[str]:
    path.write_bytes(data)
    reader = open_reader(path)
    found = b""
    while block := reader.read():
        found += block
    reader.close()
    return found.decode().splitlines()


@pytest.mark.parametrize(
    ("before", "between", "after", "encoding"),
    [
        ("<Events>", "", "</Events>", "utf-8"),
        (
            '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events>',
            "\r\n",
            "</Events>",
            "utf-8-sig",
        ),
        ('<?xml version="1.0" encoding="UTF-16"?><Events>', "\n", "\n</Events>\n", "utf-16"),
        ("<?xml version='1.0'?>\n", "\n", "", "utf-8"),
    ],
)
def test_each_event_is_a_line(tmp_path: Path, before: str, between: str, after: str, encoding: str) -> None:
    first, second = EVENT.format("a\r\nb"), EVENT.format("é")
    text = before + first + between + second + after
    found = lines_of(tmp_path / "security.xml", text.encode(encoding))
    assert found == [EVENT.format("a&#10;b"), second]


def test_an_event_over_many_lines_is_one_line_without_a_root(tmp_path: Path) -> None:
    pretty = EVENT.format("a\n\nb").replace("><", ">\n  <").replace("<Event xmlns", "<Event\nxmlns", 1)
    (found,) = lines_of(tmp_path / "one.xml", ("<Events>" + pretty).encode())
    assert found == EVENT.format("a&#10;&#10;b")


def test_events_that_begin_on_a_line_and_end_on_another_need_no_root(tmp_path: Path) -> None:
    event = EVENT.format("a\nb")
    assert lines_of(tmp_path / "bare.xml", f"{event}\n{event}\n".encode()) == [EVENT.format("a&#10;b")] * 2


def test_one_event_a_line_stays_a_log_that_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "live.log"
    for end in ("\n", "\r\n"):
        path.write_bytes((EVENT.format("a") + end + EVENT.format("b") + end).encode())
        reader = open_reader(path)
        assert not reader.packed
        reader.close()


def test_nothing_of_a_file_that_breaks_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_text("<Events>" + EVENT.format("a") + "\nwhat is this\n" + EVENT.format("b")[:-9])
    reader = open_reader(path)
    found = reader.read()
    with pytest.raises(DamagedError, match="ends inside an event"):
        reader.read()
    reader.close()
    assert found.decode().splitlines() == [EVENT.format("a"), "what is this", EVENT.format("b")[:-9]]
