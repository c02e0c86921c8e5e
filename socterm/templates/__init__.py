"""What kinds of lines there are: the text of a line without what varies, and search by meaning over those.

Pure: lines and what was learned before go in, numbers and texts come out. See docs/search.md.
"""

FIELD = "socterm.template"
"""What queries call the number of an event's template."""
