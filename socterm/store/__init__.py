"""The one room that opens SQLite: schema, writer, the two doors for reading, decisions, checks."""
