"""The loop: informer, work queue, and for each object observe, decide, record, act.

Nothing here decides about money; that is `exchange_kernel.core`. What the shell owes the core is the order of things:
the record is written before the action, a permit is noted before the record, and an outcome that is known is kept in
memory until it is recorded.
"""
