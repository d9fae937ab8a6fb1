"""The trusted side: builds assignments, judges submissions, keeps the grades."""
