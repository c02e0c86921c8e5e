"""The console: one terminal screen that is a view of the store and writes back only decisions."""
