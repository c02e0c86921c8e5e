"""What `socterm doctor` looks at: each look answers rows, none raises, none changes anything."""

from socterm.pipeline.doctor.row import Row, bad, ok, warn

__all__ = ["Row", "bad", "ok", "warn"]
