"""One verb a file. Each reads as its sentence: load, do, save."""
