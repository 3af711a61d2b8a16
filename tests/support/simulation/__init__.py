"""Two operators, an API server and a venue as models, under every fault that the placing protocol must survive.

The core under test is the real one; what surrounds it is small. Time is a number, chance is a seed: a run that fails is
repeated by its seed. `run.py` has the entry, `invariants.py` says what must hold.
"""
