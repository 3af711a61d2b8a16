"""Where prices come from: seeded market makers, and recorded prices replayed.

Everything here is a pure function; the venue's own trading (`paper_exchange.house`) turns the results into orders.
"""
