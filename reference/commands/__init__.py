"""What `python -m reference` offers: one command a module."""
