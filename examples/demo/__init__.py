"""`make demo`, `make up` and `make down`: the whole chain on this machine, with commands that a user would type."""
