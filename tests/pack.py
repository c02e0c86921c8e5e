"""Our own rules, loaded once for all test modules of a process: it takes most of a second."""

from __future__ import annotations

from typing import Final

from socterm.assets import rules_dir
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

PACK: Final[RuleSet] = load_rules([rules_dir()])
