"""Commands of `python -m reference`, each in a module of its own."""
