"""The decision table: what is recorded, observed and wished, and what must be decided then."""
