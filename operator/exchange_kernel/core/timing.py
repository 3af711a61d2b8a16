"""How often things are asked again, in seconds. One place, so that tests and docs can name the figures."""

from exchange_kernel.core.view import Backoff

# Looking an order up while its outcome is unknown.
LOOK_UPS = Backoff(first=0.5, ceiling=10.0)
# Repeating a cancel until the order's end is read back.
CANCELS = Backoff(first=0.5, ceiling=10.0)
# Asking for trades that the order's filled quantity says must exist.
TRADES = Backoff(first=0.5, ceiling=10.0)
# A new attempt after a proof that nothing was placed.
ATTEMPTS = Backoff(first=0.2, ceiling=15.0)
# Reading the market's price again after a read that failed.
PRICE_READS = Backoff(first=0.5, ceiling=5.0)
# So old, in seconds, may the price be by which an order is judged when it is recorded, and when it is sent.
PRICE_TO_RECORD = 2.0
PRICE_TO_SEND = 5.0
# Looking whether the first order of a list waits for the others; well within the send window.
PARTNERS = 0.5
# Looking for a free place among the account's open orders, in seconds.
SLOTS = 1.0
# An order is recorded when the venue's request limits hold it up for at most this share of the send window; the rest is
# for the record and the look-up's answer.
SHARE_TO_WAIT = 0.4
# Asking again whether there is room, in seconds: other calls may have needed less than it seemed.
ROOM = 10.0
# What only somebody else can change.
SLOW = Backoff(first=30.0, ceiling=60.0)

# Added to S + R + M: the granularity of clocks and of venues that count their expiry in whole seconds.
FENCE_MARGIN = 1.0
# An observer that is not the holder says Unknown only after this: the holder is probably about to write the outcome.
HOLDER_GRACE = 3.0

# So many reads by the venue's id, at growing intervals, must fail to find an acknowledged order before it is called
# vanished: some venues show an order only seconds after they have acknowledged it.
VANISHED_AFTER = 5

# Between two reads of an order that was changed in place and does not show it yet.
READ_BACK = 1.0
