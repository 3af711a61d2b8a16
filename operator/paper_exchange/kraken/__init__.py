"""Kraken's spot REST API on the same engine: the dialect whose habits are the opposite of Binance's.

* Every answer is HTTP 200; an error is a text in the list `error` beside an empty result.
* Requests are signed with HMAC-SHA512 over path, nonce and body; the nonce has to rise with every request of a key.
  There is no time in a request and so nothing in it expires, unless it carries a `deadline`.
* An order has a txid (`OXXXXX-XXXXX-XXXXXX`). A `cl_ord_id` is unique among open orders only, and names no order in
  QueryOrders: it filters the lists of open and closed orders.
* Parameters that the venue does not know are ignored, not refused.
* What is limited is a counter that decays, not a window.

Sources: docs.kraken.com (Spot REST) and, for texts of errors that it does not list, answers that users have reported;
`docs/paper-exchange.md` says which is which. ccxt reaches it when the addresses in `urls['api']` are this venue's; the
paths (`/0/...`) are Kraken's own, so both dialects share one port.
"""
