"""One file a source of raw corpora: a Config, and `write(config, folder)` that fills data/raw/<name>."""
