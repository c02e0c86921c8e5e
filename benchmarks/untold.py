"""`python -m benchmarks.untold …`: socterm without templates, to see what they cost. Takes its arguments."""

from __future__ import annotations

import sys
from typing import Any


def forget_templates() -> None:
    """Give every line the same template without looking at it, and keep its key out of the full text."""
    from socterm.store import templates, words

    def one(*_: Any) -> int:
        return 1

    def nothing(self: templates.Templates, *_: Any) -> None:
        self.batch.clear()

    for name in ("told", "mined", "fields", "of"):
        setattr(templates.Templates, name, one)
    templates.Templates.write = nothing  # type: ignore[method-assign]
    words.words_sql = words.keys_sql


if __name__ == "__main__":
    forget_templates()
    from socterm.cli import main

    sys.argv[0] = "socterm"
    main()
