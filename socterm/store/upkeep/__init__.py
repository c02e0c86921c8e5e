"""Care of the file: checks, copies, dumps, figures, and retention when a person asks for it."""
