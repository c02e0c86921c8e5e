"""Logs that other programs send over HTTP: each record judged, and the answer once they are stored."""
