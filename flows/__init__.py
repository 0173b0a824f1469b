"""DVC's graph run by Prefect. Imports DVC and Prefect, never the pipeline."""
