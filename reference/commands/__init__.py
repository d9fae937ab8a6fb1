"""Commands of the reference that run for minutes: each module one, started with `python -m`."""
