"""The one gradient loop, with its batches, schedules, checkpoints and curves."""

from pipeline.training.batches import Batches
from pipeline.training.loop import fit, prepare_device
from pipeline.training.options import Options

__all__ = ["Batches", "Options", "fit", "prepare_device"]
