"""Sigma rules: load, compile, match and correlate. No I/O at match time; see docs/sigma.md."""
