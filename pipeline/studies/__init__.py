"""What an architecture does, shown without a corpus: a file a kind."""
