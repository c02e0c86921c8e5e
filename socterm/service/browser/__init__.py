"""The console itself in a browser: one process for each person, drawn over a web socket."""
