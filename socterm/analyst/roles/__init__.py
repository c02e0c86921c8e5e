"""The five roles that look at an alert or an incident, one after the other; see docs/analyst.md.

`gather` reads the store, `pack` makes the evidence of it, `draft_*` say what rules can say, `gates` let a
model refine that, `run` goes through the stages, `told` writes the result down for people.
"""
