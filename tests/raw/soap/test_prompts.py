"""Prompts: each reader reads its share, in its own voice, and the cues stand where the speech is."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.raw.soap.prompts import MARGIN, write_prompts
from pipeline.raw.soap.speech import RATE, Speech
from pipeline.raw.soap.world import World


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


def test_readers_take_turns_and_cues_hold_the_speech(tmp_path: Path) -> None:
    sentences = World(1).draw("prompts", {"train": 4, "dev": 2, "test": 2}, longest=5)
    with Speech() as speech:
        spoken = write_prompts(sentences, 2, tmp_path, speech)
    total = 0.0
    for split, texts in sentences.items():
        for number, reader in enumerate(("Aminah", "Farid")):
            wave, rate = soundfile.read(tmp_path / split / f"{reader}.flac")
            blocks = (tmp_path / split / f"{reader}.ms.srt").read_text(encoding="utf-8").strip().split("\n\n")
            assert [block.split("\n")[2] for block in blocks] == [f"[{reader}]: {s.ms}" for s in texts[number::2]]
            silent = np.ones(len(wave), dtype=bool)
            for block in blocks:
                start, end = (seconds(clock) for clock in block.split("\n")[1].split(" --> "))
                silent[int((start + MARGIN / 2) * rate) : int((end - MARGIN / 2) * rate)] = False
                total += end - start - 2 * MARGIN
            assert rate == RATE
            assert not wave[silent].any()
            assert wave.any()
    assert total == pytest.approx(spoken, abs=0.02)
