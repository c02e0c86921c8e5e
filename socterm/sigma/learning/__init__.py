"""Rules that remember: first seen, rare, silent, too fast, too many, too regular.

An event that matched such a rule is held until the watermark has passed it, then judged in the order of all
events against what the rule has learned; only if the rule fires does the correlator hear of it. So alerts do
not depend on the order of arrival within the lateness bound, nor on how lines were cut into batches.

Pure: no clock, no I/O. What was learned goes out as changes, for the store to keep; `restore` takes it back.
"""
