"""No secret stands in what the doctor says, whatever message of whichever library it came in with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from socterm.config import Config
from socterm.config.places import data_dir
from socterm.pipeline.doctor.row import Row
from socterm.secrets import HIDDEN, LIMIT

_TELLING: Final = re.compile(r"KEY|SECRET|PASS|TOKEN|CREDENTIAL", re.IGNORECASE)
_IN_URL: Final = re.compile(r"(?<=://)[^/@\s]*@")

_SHORTEST: Final = 4
"""Characters of a secret that is looked for: a shorter one would be found everywhere."""


class Hider:
    """Takes all secrets that this process can know of out of rows."""

    def __init__(self, config: Config | None, environ: Mapping[str, str]) -> None:
        known = {value for name, value in environ.items() if _TELLING.search(name)}
        if config is not None:
            known.add(config.llm.api_key)
        known |= set(_kept(environ))
        lines = {line.strip() for value in known for line in (value, *value.splitlines())}
        self._known = sorted((line for line in lines if len(line) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, row: Row) -> Row:
        """The same row, fit to be shown to anybody."""
        return msgspec.structs.replace(row, said=self._clean(row.said), todo=self._clean(row.todo))

    def _clean(self, text: str) -> str:
        text = _IN_URL.sub(f"{HIDDEN}@", text)
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return text


def _kept(environ: Mapping[str, str]) -> Iterator[str]:
    """What lies in the folders that secrets come from."""
    for folder in (environ.get("CREDENTIALS_DIRECTORY", ""), str(data_dir(environ) / "secrets")):
        try:
            names = os.listdir(folder) if Path(folder).is_absolute() else []  # noqa: PTH208 - names only
        except OSError:
            continue
        for name in names:
            try:
                descriptor = os.open(Path(folder, name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                yield os.read(descriptor, LIMIT).decode("utf-8", "replace")
            except OSError:
                continue
            finally:
                os.close(descriptor)
