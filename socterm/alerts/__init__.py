"""The alert domain: pure values and functions; no clock, no store, no screen."""
