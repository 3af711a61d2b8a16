"""Binance's spot dialect: REST `/api/v3`, WS-API `/ws-api/v3` and the public streams `/ws`.

The engine knows orders and balances; this package knows spellings. One request takes the same way on every
transport: `rest` or `wsapi` reads it off the wire, `auth` says whose it is, `endpoints` names what it asks for,
`params` turns text into values, `trading`, `account` and `public` do it, `render` spells the answer and `errors`
holds every refusal with the venue's code, text and HTTP status.

The source of every rule is the venue's public documentation (binance-spot-api-docs: rest-api.md, web-socket-api.md,
user-data-stream.md, errors.md, filters.md), except where a comment says that it is a choice.
"""
