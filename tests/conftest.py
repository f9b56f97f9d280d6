"""Settings of the whole suite."""

from hypothesis import settings

# The same examples on every machine and in every run: a failure seen once is seen again.
settings.register_profile("photochrom", derandomize=True, database=None, deadline=None, max_examples=60)
settings.load_profile("photochrom")
