"""Why: the chain rule behind one number, symbol by symbol and number by number.

Knows graphs, their values and their names; what it says it says in a neutral document.
"""
