"""A local venue that speaks Binance's spot API.

The package is an exchange to trade against when the real one must not be touched: in tests, in demonstrations, on a
laptop without a network. Unmodified clients talk to it by configuration alone.

It has two halves. The engine (`engine`, `reads`, `market`) is a pure, deterministic core: every change is a command,
`apply(command, now)` answers with a reply and the events that follow from it, and there is no I/O, no clock and no
randomness inside. The wire (`binance`, `control`, `faults`) turns requests into commands and events into messages.
Between the two, `journal` writes each command down before it is answered, so that a killed venue comes back exactly as
it was.
"""
