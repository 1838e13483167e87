"""The catalogue: a file is a rule, its name the rule's id, its docstring the reason.

A rule states SEVERITY, ABOUT (the kind of subject), REMEDY, SOURCE, the examples FAILING and
PASSING, and `check(subject)`, which yields a Hit for each place.
"""
