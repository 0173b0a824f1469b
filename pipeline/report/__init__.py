"""What the report is made of: figures, curves, samples and pictures in; one HTML page out, which needs no network."""
