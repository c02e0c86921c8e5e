"""The road itself: sources → parsers → rules → episodes → store, in batches."""
