"""Where the intent is: the only code that talks to the API server.

Objects travel as plain JSON (`Json`) between the wire and the model classes of `exchange_kernel.api`; each module
owns one kind or one concern, and `client` is the only one that knows HTTP. Three promises hold everywhere:

* A write is sent once. Only an answered 429 is repeated, because there the server itself says that nothing was done.
* Every write is conditional: on a resourceVersion, on a uid, or on the name being free.
* An unanswered write raises `Unavailable`; it may have happened, and the caller has to read before it goes on.
"""
