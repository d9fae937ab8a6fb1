"""The graded assignments, one package each: the notebook's source, its checks, known mistakes."""
