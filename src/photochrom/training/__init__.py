"""Training the networks, and turning what came out into a model. Needs `photochrom[train]`."""
