"""Sentences → episodes: `epNN.flac`, `epNN.{ms,en,zh}.srt` and `epNN.ledger.json` with what was planted and where."""

import json
from pathlib import Path
from random import Random

import numpy as np
import soundfile

from pipeline.raw.soap.beds import KINDS, bed
from pipeline.raw.soap.faults import Cue, plant
from pipeline.raw.soap.grammar import Sentence
from pipeline.raw.soap.speech import RATE, Request, Speech, Voice

VOICES = (
    Voice("Aminah", "f2", 165, 55),
    Voice("Zaleha", "f3", 155, 50),
    Voice("Nora", "f4", 175, 60),
    Voice("Salmah", "f1", 150, 42),
    Voice("Laila", "f5", 170, 58),
    Voice("Farid", "m1", 165, 48),
    Voice("Razak", "m3", 155, 40),
    Voice("Kamal", "m4", 170, 52),
    Voice("Johan", "m5", 175, 45),
    Voice("Daud", "m7", 150, 35),
)
CAST = 4  # characters of one episode
SCENE = 8  # lines that share a bed
LEVEL = 0.08  # RMS of speech
MARGIN = 0.1  # seconds that a cue begins before its speech and ends after it


def write_episode(
    name: str,
    sentences: list[Sentence],
    folder: Path,
    speech: Speech,
    *,
    fault_share: float,
    bed_share: float,
    seed: int,
) -> float:
    """Write one recording and its subtitles; returns its length in seconds."""
    rng = Random(f"{seed} {name}")
    noise = np.random.default_rng([seed, int(name.removeprefix("ep"))])
    cast = rng.sample(VOICES, CAST)
    requests = [
        Request(sentence.ms, rng.choice(cast), rate=rng.randrange(-15, 16), pitch=rng.randrange(-6, 7))
        for sentence in sentences
    ]
    waves = speech.say(requests)
    pieces: list[np.ndarray] = []
    cues: list[Cue] = []
    notes: list[dict[str, object]] = []
    position = 0
    for first in range(0, len(sentences), SCENE):
        kind = rng.choice(KINDS) if rng.random() < bed_share else "none"
        snr = rng.choice((10, 15, 20)) if kind != "none" else None
        scene: list[np.ndarray] = []
        length = 0
        for request in requests[first : first + SCENE]:
            wave = next(waves)
            wave = wave * (LEVEL / np.sqrt(np.mean(wave**2)))
            pause = np.zeros(int(rng.uniform(0.3, 1.1) * RATE), np.float32)
            scene += [pause, wave]
            start = position + length + len(pause)
            length += len(pause) + len(wave)
            spoken = (start / RATE, (start + len(wave)) / RATE)
            cues.append(Cue(round(max(0.0, spoken[0] - MARGIN), 3), round(spoken[1] + MARGIN, 3), request.text))
            notes.append(
                {"speaker": request.voice.character, "voice": request.voice.variant, "bed": kind, "snr_db": snr}
            )
        heard = np.concatenate(scene)
        if snr is not None:
            heard = heard + bed(kind, len(heard), noise) * LEVEL * 10 ** (-snr / 20)
        pieces.append(heard)
        position += length
    pieces.append(np.zeros(RATE // 2, np.float32))
    wave = np.clip(np.concatenate(pieces), -1, 1)
    soundfile.write(folder / f"{name}.flac", (wave * 32_767).astype(np.int16), RATE, format="FLAC", subtype="PCM_16")

    spoilt = plant(cues, [sentence.en for sentence in sentences], fault_share, rng)
    write_srt(folder / f"{name}.ms.srt", spoilt)
    for language in ("en", "zh"):
        texts = [getattr(sentence, language) for sentence in sentences]
        write_srt(folder / f"{name}.{language}.srt", [Cue(c.start, c.end, t) for c, t in zip(cues, texts, strict=True)])
    ledger = {
        "language": "ms",
        "cues": [
            {
                "key": f"{name}-{i:04}",
                "start": cue.start,
                "end": cue.end,
                "text": sentence.ms,
                "subtitle": wrong.text,
                "fault": wrong.fault,
                **({"shift": wrong.shift} if wrong.shift else {}),
                **note,
            }
            for i, (cue, wrong, sentence, note) in enumerate(zip(cues, spoilt, sentences, notes, strict=True), 1)
        ],
    }
    (folder / f"{name}.ledger.json").write_text(
        json.dumps(ledger, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return len(wave) / RATE


def write_srt(path: Path, cues: list[Cue]) -> None:
    lines = []
    shown = sorted((cue for cue in cues if cue.text is not None), key=lambda cue: cue.start)
    for number, cue in enumerate(shown, 1):
        lines.append(f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{cue.text}\n\n")
    path.write_text("".join(lines), encoding="utf-8")


def _clock(seconds: float) -> str:
    """82.5 → 00:01:22,500"""
    total = round(seconds * 1000)
    return f"{total // 3_600_000:02}:{total // 60_000 % 60:02}:{total // 1000 % 60:02},{total % 1000:03}"
