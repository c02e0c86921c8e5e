"""How good the analyst is: attacks, harmless twins and texts for a model, with the truth about each.

`scenarios` reads them, `scoring` compares an answer with the truth, `answering` makes answers, `measure` goes
through all of it. See docs/analyst.md.
"""
