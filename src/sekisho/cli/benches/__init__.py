"""The benches, one module a word.

A module here has `BENCHES: dict[str, Measure]`: the bench's name → a function that takes the path of an
empty scratch home (Django set up, tables made, in a process of its own) and returns its `Bench` figures.
Nothing else is to be registered: `sekisho bench` finds the modules by itself. What
several of them use begins with an underscore.
"""
