"""The service: who may ask over HTTP, what they may ask, and the answers as JSON. See docs/api.md."""
