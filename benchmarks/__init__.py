"""How fast socterm is: one command, figures as events per CPU second, bars that can be checked.

Nothing here is a test: times depend on the machine. `python -m benchmarks --check` says which bars are met.
"""
