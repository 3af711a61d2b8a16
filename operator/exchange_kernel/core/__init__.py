"""What should happen: pure functions without I/O, clock or randomness.

Everything that decides about money lives here. The functions take what is desired, recorded and observed, and the
time as values; they return a decision as a value. The shell in `exchange_kernel.controller` carries it out.
"""
