"""Sentences → prompts that a few of the characters read without beds: clean speech, for a synthesiser to learn from.

A recording a reader and split: `voices/<split>/<reader>.flac` with `.ms.srt`, whose cues name the reader.
"""

from pathlib import Path

import numpy as np
import soundfile

from pipeline.paths import SPLITS
from pipeline.raw.soap.episodes import LEVEL, VOICES, write_srt
from pipeline.raw.soap.faults import Cue
from pipeline.raw.soap.grammar import Sentence
from pipeline.raw.soap.speech import RATE, Request, Speech

PAUSE = 0.4  # seconds between two prompts
MARGIN = 0.05  # seconds that a cue begins before its speech and ends after it
# In turn a woman's voice and a man's, of those that speak most clearly.
READERS = ("Aminah", "Farid", "Nora", "Kamal", "Zaleha", "Razak", "Salmah", "Johan", "Laila", "Daud")


def write_prompts(sentences: dict[str, list[Sentence]], readers: int, folder: Path, speech: Speech) -> float:
    """Each sentence of a split is read by one of the first `readers`, in turn; returns seconds of speech."""
    voices = {voice.character: voice for voice in VOICES}
    seconds = 0.0
    for split in SPLITS:
        (folder / split).mkdir(parents=True)
        for number, reader in enumerate(READERS[:readers]):
            read = sentences[split][number::readers]
            pieces: list[np.ndarray] = []
            cues: list[Cue] = []
            position = 0
            waves = speech.say([Request(sentence.ms, voices[reader]) for sentence in read])
            for sentence, wave in zip(read, waves, strict=True):
                piece = np.concatenate([np.zeros(int(PAUSE * RATE), np.float32), _levelled(wave)])
                start, position = position + int(PAUSE * RATE), position + len(piece)
                times = round(start / RATE - MARGIN, 3), round(position / RATE + MARGIN, 3)
                cues.append(Cue(*times, f"[{reader}]: {sentence.ms}"))
                pieces.append(piece)
                seconds += len(wave) / RATE
            samples = np.concatenate([*pieces, np.zeros(int(PAUSE * RATE), np.float32)])
            whole = (np.clip(samples, -1, 1) * 32_767).astype(np.int16)
            soundfile.write(folder / split / f"{reader}.flac", whole, RATE, format="FLAC", subtype="PCM_16")
            write_srt(folder / split / f"{reader}.ms.srt", cues)
    return seconds


def _levelled(wave: np.ndarray) -> np.ndarray:
    return np.asarray(wave * (LEVEL / np.sqrt(np.mean(wave**2))))
