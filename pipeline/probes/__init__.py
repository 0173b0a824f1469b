"""What a trained system is asked besides its test: a file a kind, with Config and what it tells of the answers."""
