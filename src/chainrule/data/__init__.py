"""Data: from a table or arrays to prepared rows, and back from outputs to predictions.

Knows files, columns and numbers; knows no graph, no layers, no training.
"""
