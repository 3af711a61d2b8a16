"""The interface for strategies: what a strategy asks for, and what it is told.

Light by design: nothing of the operator, of kopf or of ccxt is imported from here.
"""
