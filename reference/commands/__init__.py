"""What `python -m reference` runs: one module a command."""
