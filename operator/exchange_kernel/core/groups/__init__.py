"""What should happen to an OrderGroup: pure functions from its spec, its legs and the market to the next step.

Everything is computed from two numbers, T (what the exits have to exit from) and F (what they have filled), and from
what the legs' OrderIntents say of themselves; so a restart at any point goes on without repeating or forgetting.

* `facts`: one immutable view of the group, and what each leg has had.
* `amounts`: T, F, what is left, what is protected.
* `checks`: what is refused before the first order exists.
* `tie`: how the legs follow each other (entry, stop, target, plain legs).
* `ending`: how a group is ended: canceled, deleted, closed by policy, flattened.
* `words`, `report`: what is said about it.
* `decide`: the ladder that joins them.
"""
