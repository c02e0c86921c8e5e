"""What is known of an event's addresses, names and users beyond its line; see docs/enrichment.md."""

from socterm.enrich.enricher import Enricher

__all__ = ["Enricher"]
