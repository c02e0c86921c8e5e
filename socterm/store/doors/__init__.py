"""The doors of the store, as `store.protocols` describes them, and how each finds what it is asked for."""
