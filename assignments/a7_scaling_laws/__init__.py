"""Assignment 7, scaling laws: counting models, fitting our own runs, and spending a budget well."""

DATA = ("scaling_runs.csv", "scaling_curves.csv")
"""Tables of `reference/data/` that students get: a row a run, and points on the way of each."""
