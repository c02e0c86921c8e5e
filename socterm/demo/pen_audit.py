"""What auditd writes: records of one event share a moment and a serial."""

from __future__ import annotations

from socterm.demo.model import Log
from socterm.demo.stamps import epoch_ms

AUDIT = Log("audit.log", epoch_ms)
"""/var/log/audit/audit.log."""
