"""Seqloom: from raw corpora to trained, decoded, scored and compared sequence-to-sequence systems."""
