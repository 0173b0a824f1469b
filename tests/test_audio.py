"""Sound of every container → pieces, at the right place and rate."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from pipeline import audio
from pipeline.audio import Stretch, probe, read, segments
from pipeline.problems import Problem

RATE = 16000
SECONDS = 6


def tone() -> np.ndarray:
    """A tone that climbs from 200 Hz to 800 Hz: each second sounds otherwise. [S]"""
    time = np.arange(RATE * SECONDS) / RATE
    return (0.5 * np.sin(2 * np.pi * (200 * time + 50 * time**2))).astype(np.float32)


def write(file: Path, codec: str = "", gap: tuple[float, float] = (0, 0)) -> None:
    """The tone, in stereo, in the form that the name tells, without the packets of a gap (seconds)."""
    sound = np.stack([tone(), tone()], axis=1)  # [S, 2]
    if not codec:
        with soundfile.SoundFile(file, "w", samplerate=RATE, channels=2) as out:
            for begin in range(0, len(sound), 4096):  # libsndfile's lossy encoders want small blocks
                out.write(sound[begin : begin + 4096])
        return
    rate = 48000 if codec == "libopus" else RATE
    with av.open(str(file), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, layout="stereo")
        resampler = av.AudioResampler(
            format=stream.format, layout="stereo", rate=rate, frame_size=stream.frame_size or 1024
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = RATE, 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            if not gap[0] <= (piece.pts or 0) / rate < gap[1]:
                container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


FORMS = [
    ("a.wav", ""),
    ("a.flac", ""),
    ("a.ogg", ""),
    ("a.mp3", ""),
    ("a.m4a", "aac"),
    ("a.opus", "libopus"),
    ("a.mp4", "aac"),
    ("a.mkv", "flac"),
    ("a.webm", "libopus"),
]


@pytest.mark.parametrize(("name", "codec"), FORMS)
@pytest.mark.parametrize("rate", [16000, 8000])
def test_pieces_of_every_form(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    write(tmp_path / name, codec)
    assert probe(tmp_path / name).duration == pytest.approx(SECONDS, abs=0.1)
    spans = [(0.5, 1.5), (1.25, 2.0), (4.0, 5.5), (3.0, 3.5)]  # overlapping, with a gap, and back
    wanted = tone()[:: RATE // rate]
    for (start, end), found in zip(spans, segments(tmp_path / name, spans, rate), strict=True):
        assert found.dtype == np.float32 and found.shape == (round((end - start) * rate),)
        truth = wanted[round(start * rate) : round(end * rate)]
        assert np.corrcoef(found, truth)[0, 1] > 0.99
        assert np.std(found) == pytest.approx(np.std(truth), rel=0.1)
    assert len(read(tmp_path / name, rate)) == pytest.approx(SECONDS * rate, abs=0.1 * rate)


def test_a_gap_is_silence(tmp_path: Path) -> None:
    write(tmp_path / "a.mkv", "flac", gap=(2, 4))
    before, within, after = segments(tmp_path / "a.mkv", [(0.5, 1.5), (2.5, 3.5), (4.5, 5.5)])
    assert np.corrcoef(before, tone()[RATE // 2 : 3 * RATE // 2])[0, 1] > 0.99
    assert not within.any()
    assert np.corrcoef(after, tone()[9 * RATE // 2 : 11 * RATE // 2])[0, 1] > 0.99


def test_a_span_past_the_end_gives_what_there_is(tmp_path: Path) -> None:
    write(tmp_path / "a.wav")
    assert len(read(tmp_path / "a.wav", RATE, 5.5, 7.0)) == RATE // 2
    with pytest.raises(Problem, match=r"a.wav: no sound from 7.000 to 8.000 s"):
        read(tmp_path / "a.wav", RATE, 7.0, 8.0)


@pytest.mark.parametrize(("name", "codec"), [form for form in FORMS if form[0] not in ("a.ogg", "a.opus")])
def test_cut_off_files_are_told(tmp_path: Path, name: str, codec: str) -> None:
    write(tmp_path / name, codec)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(
        Problem, match=rf"{name}(: truncated: its header tells of 6\.\d s, it holds | cannot be read as media)"
    ):
        probe(tmp_path / name)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.mp4"])
def test_files_that_are_no_sound(tmp_path: Path, name: str) -> None:
    with pytest.raises(Problem, match=f"{name} is missing"):
        probe(tmp_path / name)
    (tmp_path / name).touch()
    with pytest.raises(Problem, match=f"{name} is empty"):
        probe(tmp_path / name)
    (tmp_path / name).write_bytes(b"not sound at all" * 99)
    with pytest.raises(Problem, match=f"{name} cannot be read as (sound|media)"):
        probe(tmp_path / name)
    with pytest.raises(Problem, match=f"{name} cannot be read as (sound|media)"):
        read(tmp_path / name, RATE, 0, 1)


def test_a_video_without_sound(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(Problem, match=r"a.mp4 has no sound track"):
        probe(tmp_path / "a.mp4")


def test_a_wav_header_that_was_never_filled_in(tmp_path: Path) -> None:
    """A program that streams leaves the largest size there is."""
    write(tmp_path / "a.wav")
    content = bytearray((tmp_path / "a.wav").read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "a.wav").write_bytes(content)
    assert probe(tmp_path / "a.wav").duration == pytest.approx(SECONDS)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_numbers(tmp_path: Path, wrong: float) -> None:
    sound = tone()
    sound[RATE] = wrong
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    assert len(read(tmp_path / "a.wav", RATE, 2.0, 3.0)) == RATE
    with pytest.raises(Problem, match=r"a.wav: samples from 0.500 to 1.500 s are no numbers: copy or convert"):
        read(tmp_path / "a.wav", RATE, 0.5, 1.5)


def test_the_shortest_sound_there_is(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones(1), 48_000, subtype="FLOAT")
    assert probe(tmp_path / "a.wav").duration == 1 / 48_000
    assert len(read(tmp_path / "a.wav", RATE)) == 1


def test_what_is_written_is_read_and_what_is_too_loud_is_clipped(tmp_path: Path) -> None:
    sound = np.array([0.5, -2.0, 3.0, 0.0], np.float32)
    for name in ("a.wav", "a.flac"):
        audio.write(tmp_path / name, sound, 8000)
        found = Stretch(tmp_path / name).read(8000)
        assert np.allclose(found, [0.5, -1, 1, 0], atol=1e-4)
        assert np.allclose(Stretch(tmp_path / name, 1 / 8000, 3 / 8000).read(8000), [-1, 1], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "sound", "said"),
    [
        ("a.wav", [], "holds no sample"),
        ("a.wav", [0.0, np.nan], "holds what is no number"),
        ("a.xyz", [0.0], "cannot be written"),
        ("no/a.wav", [0.0], "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str, sound: list[float], said: str) -> None:
    with pytest.raises(Problem, match=said):
        audio.write(tmp_path / name, np.array(sound, np.float32), 8000)
