"""Settings of the whole suite."""

import signal

from hypothesis import settings

# The same examples on every machine and in every run: a failure seen once is seen again.
settings.register_profile("photochrom", derandomize=True, database=None, deadline=None, max_examples=60)
settings.load_profile("photochrom")

# A shell ignores Ctrl-C for what it starts with "&", and programs hand that on to those that they
# start; the tests of Ctrl-C are to hold there too.
signal.signal(signal.SIGINT, signal.default_int_handler)
