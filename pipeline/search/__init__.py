"""From a model's step to its best outputs."""
