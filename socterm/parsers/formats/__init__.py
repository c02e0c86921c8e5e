"""One module a format; each declares itself in `FORMATS` (see `socterm.parsers.format`)."""
