"""One file an architecture: Config, Train, Decode, fit, save, load, decode, beside each other."""
