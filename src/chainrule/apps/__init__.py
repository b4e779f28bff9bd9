"""Doors: the command line, and later the page and the notebook.

Thin: a door asks the rooms below and shows what they say; a formula in here is in the wrong room.
"""
