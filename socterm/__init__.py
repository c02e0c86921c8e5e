"""socterm: a security operations centre in one terminal."""

__version__ = "0.1.0"
