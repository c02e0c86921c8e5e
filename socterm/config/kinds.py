"""The kinds of values that settings have, as a file or the environment writes them."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainValidator

from socterm import amounts


def _text_as_list(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _text_as_files(value: Any) -> Any:
    """`name=path` texts, as the environment has them."""
    parts = _text_as_list(value)
    if isinstance(value, str) and all("=" in part for part in parts):
        return {name.strip(): path.strip() for name, _, path in (part.partition("=") for part in parts)}
    return value


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"{path}: there is no such user, whose home could be meant") from None


def _values(value: Any) -> tuple[str, ...] | Path:
    """The values of a placeholder: written out, or a file of them."""
    if isinstance(value, str | Path):
        return _at_home(Path(value))
    if isinstance(value, list | tuple) and all(type(part) in (str, int) for part in value):
        return tuple(str(part) for part in value)
    raise ValueError("is neither a list of values nor the path of a file with one a line")


SECRET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What a secret may be called: its file, its credential."""


def _name_of_a_secret(text: str) -> str:
    if text and not SECRET_NAME.fullmatch(text):
        raise ValueError(
            "is no name of a secret: keep the secret itself out of the file, in one of that name"
        )
    return text


SecretName = Annotated[str, AfterValidator(_name_of_a_secret)]
List = Annotated[tuple[str, ...], BeforeValidator(_text_as_list)]
HomePath = Annotated[Path, AfterValidator(_at_home)]
Paths = Annotated[tuple[HomePath, ...], BeforeValidator(_text_as_list)]
Files = Annotated[dict[str, HomePath], BeforeValidator(_text_as_files)]

ValuesOrFiles = Annotated[
    dict[str, Annotated[tuple[str, ...] | Path, PlainValidator(_values)]], BeforeValidator(_text_as_files)
]


class Section(BaseModel):
    """What stands under a table of its own; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


INTERNAL = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
    "100.64.0.0/10",  # carriers' NAT, RFC 6598
    "127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32",
    "::1/128", "::/128", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip
"""Networks that nobody on the internet has: private, carriers', this machine, this link, groups."""

_DEFAULT = "default"


def _networks(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Networks in one spelling; "default" stands for INTERNAL."""
    found: list[str] = []
    for part in parts:
        if part == _DEFAULT:
            found += INTERNAL
            continue
        try:
            found.append(str(ipaddress.ip_network(part, strict=False)))
        except ValueError:
            raise ValueError(f"{part} is no network, such as 198.51.100.0/24") from None
    return tuple(dict.fromkeys(found))


def _a_listener(url: str) -> str:
    if "://" not in url:  # else it would be the name of a file that may yet appear
        raise ValueError(f"say what is spoken there, such as udp://{url} or tcp://{url}")
    return url


Listeners = Annotated[tuple[Annotated[str, AfterValidator(_a_listener)], ...], BeforeValidator(_text_as_list)]
Networks = Annotated[List, AfterValidator(_networks)]


def _an_age(text: str) -> str:
    amounts.span(text)
    return text.strip()


def _a_size(text: str) -> str:
    if 0 < amounts.size(text) < LEAST_SIZE:
        raise ValueError(f"is less than a store needs, {amounts.shown_size(LEAST_SIZE)}")
    return text.strip()


LEAST_SIZE = 8 << 20
"""Bytes below which no limit is taken: tables, rules and the newest lines need some room."""

Age = Annotated[str, AfterValidator(_an_age)]
FileSize = Annotated[str, AfterValidator(_a_size)]
