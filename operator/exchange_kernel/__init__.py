"""The Exchange Kernel Operator: trading orders as Kubernetes objects, each placed at most once.

The packages are layers; imports point downwards only:

```
controller/   the loop: observe, decide, record, act
kube/         the API server      exchange/   the venue
core/         pure decisions: no I/O, no clock, no randomness
api/          the kinds: what users write and what they read
```
"""

__version__ = "0.1.0"
