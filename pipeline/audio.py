"""Sound of any file → mono float32 [S] at a wanted rate, piece by piece, in memory bounded by the longest piece.

soundfile reads wav, flac and ogg, and seeks in them exactly to the sample. PyAV reads mp3, m4a, opus and the sound of
video (mp4, mkv, webm, ...) once, in order. (soundfile seeks after every block that it reads, and libsndfile spoils an
mp3's samples after a seek.) Channels are averaged.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

from pipeline.problems import Problem

SOUND = frozenset({".wav", ".flac", ".ogg", ".oga", ".aif", ".aiff"})  # read by soundfile
CONTAINERS = frozenset(
    {
        ".mp3",
        ".m4a",
        ".aac",
        ".opus",
        ".wma",
        ".mp4",
        ".m4v",
        ".mov",
        ".mkv",
        ".mka",
        ".webm",
        ".avi",
        ".ts",
        ".mpg",
        ".mpeg",
    }
)
MEDIA = SOUND | CONTAINERS
_ESTIMATED = frozenset({".aac", ".opus", ".ts", ".mpg", ".mpeg"})  # no duration in the header: count the packets

Span = tuple[float, float]  # start, end in seconds

_BLOCK = 65536  # frames read at a time where a file is read in order
_JITTER = 0.025  # s; containers round the times of packets (mkv to 1 ms): below this, samples follow each other
_SLACK = 1.0  # s; a file that holds this much less than its header tells was cut off
_TAIL = 10.0  # s before the end that are looked at for it
_LOUDEST = 1e12  # in full scales; squares and sums of it are still numbers
_AGAIN = "copy or convert the file again"


@dataclass(frozen=True)
class Sound:
    duration: float  # s
    rate: int  # Hz
    channels: int


@dataclass(frozen=True)
class Stretch:
    """A piece of a recording; the whole of it, where no times are given."""

    file: Path
    start: float = 0.0  # s
    end: float | None = None  # s

    def read(self, rate: int) -> np.ndarray:
        """float32 [S] at `rate`."""
        return read(self.file, rate, self.start, self.end)


def probe(file: Path) -> Sound:
    """Duration, sampling rate and channels, from the headers.

    Raises Problem if the file is missing, empty, not a recording, or shorter than its own header tells (truncated).
    """
    _expect_content(file)
    sound = _probe_sound(file) if file.suffix.lower() in SOUND else _probe_container(file)
    if sound.duration <= 0:
        raise Problem(f"{file} holds no sound: {_AGAIN}, or remove it")
    return sound


def read(file: Path, rate: int, start: float = 0.0, end: float | None = None) -> np.ndarray:
    """One piece, or all of a file: float32 [S] at `rate`."""
    if end is None:
        end = probe(file).duration + _SLACK  # the header of a compressed file may round
    return next(segments(file, [(start, end)], rate))


def segments(file: Path, spans: Iterable[Span], rate: int | None = None) -> Iterator[np.ndarray]:
    """The pieces [start, end) of a recording, in seconds: float32 [S], resampled to `rate` (None: the file's own).

    Spans in ascending order of start are read in one pass; one that begins earlier than its forerunner begins the file
    anew where seeking is not exact. A span that ends after the file gives what there is.
    Raises Problem if the file cannot be read to the end of a span, if a span holds no sample at all, or one that is no
    number (files of floating point may).
    """
    _expect_content(file)
    source = _Sought(file) if file.suffix.lower() in SOUND else _Streamed(file)
    with source:
        for start, end in spans:
            samples = source.take(round(start * source.rate), round(end * source.rate))
            if not len(samples):
                raise Problem(
                    f"{file}: no sound from {start:.3f} to {end:.3f} s: check its subtitles' times, or {_AGAIN}"
                )
            if not np.abs(samples).max() < _LOUDEST:
                raise Problem(f"{file}: samples from {start:.3f} to {end:.3f} s are no numbers: {_AGAIN}")
            yield samples if rate is None or rate == source.rate else _resample(samples, source.rate, rate)


def write(file: Path, waveform: np.ndarray, rate: int) -> None:
    """float [S] → a mono file of 16 bits in the format of its suffix (wav, flac); what exceeds [-1, 1] is clipped.

    The same samples are the same bytes. Raises Problem if the waveform holds no sample, or one that is no number, and
    if the file cannot be written.
    """
    if not len(waveform) or not np.isfinite(waveform).all():
        raise Problem(f"{file}: the sound holds {'what is no number' if len(waveform) else 'no sample'}: train longer")
    try:
        soundfile.write(file, np.clip(waveform, -1.0, 1.0), rate, subtype="PCM_16")
    except (soundfile.LibsndfileError, TypeError, ValueError) as error:  # the latter two: of an unknown suffix
        raise Problem(f"{file} cannot be written: {error}: name a .wav or .flac file in a folder that exists") from None


class _Sought:
    """A file that soundfile can seek in, exactly."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.sound = _open(file)
        self.rate = int(self.sound.samplerate)

    def __enter__(self) -> "_Sought":
        return self

    def __exit__(self, *_: object) -> None:
        self.sound.close()

    def take(self, begin: int, end: int) -> np.ndarray:
        """Samples [begin, end): float32 [S]."""
        begin, end = max(0, begin), min(end, self.sound.frames)
        if end <= begin:
            return np.zeros(0, np.float32)
        try:
            self.sound.seek(begin)
            block = self.sound.read(end - begin, dtype="float32", always_2d=True)  # [S, C]
        except soundfile.LibsndfileError as error:
            raise _broken(self.file, begin / self.rate, error) from None
        if len(block) < end - begin:
            raise _broken(self.file, (begin + len(block)) / self.rate, "the file ends there")
        return _mono(block)


class _Streamed:
    """A file that is read in order. Holds the samples from the latest piece's start on."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._begin()

    def __enter__(self) -> "_Streamed":
        return self

    def __exit__(self, *_: object) -> None:
        self.blocks.close()

    def _begin(self) -> None:
        self.blocks = _blocks(self.file)
        self.held: deque[np.ndarray] = deque()
        self.first = self.last = 0  # samples [first, last) are held
        rate, block = next(self.blocks, (1, np.zeros(0, np.float32)))
        self.rate = int(rate)
        self._hold(block)

    def _hold(self, block: np.ndarray) -> None:
        self.held.append(block)
        self.last += len(block)

    def take(self, begin: int, end: int) -> np.ndarray:
        """Samples [begin, end): float32 [S]."""
        begin = max(0, begin)
        if begin < self.first:
            self.blocks.close()
            self._begin()
        while True:
            while self.held and self.first + len(self.held[0]) <= begin:
                self.first += len(self.held.popleft())
            if self.last >= end:
                break
            step = next(self.blocks, None)
            if step is None:
                break
            self._hold(step[1])
        if not self.held or end <= begin:
            return np.zeros(0, np.float32)
        pieces = []
        place = self.first
        for block in self.held:
            if place >= end:
                break
            pieces.append(block[max(0, begin - place) : end - place])
            place += len(block)
        return np.concatenate(pieces)


Blocks = Any  # a generator of (rate, float32 [S])


def _blocks(file: Path) -> Blocks:
    """The first sound track, decoded in order; time 0 is the container's, as for its subtitles; gaps are silence."""
    with _container(file) as container:
        stream = _sound_stream(file, container)
        origin = _origin(container)
        tick = float(stream.time_base)
        rate, done = 0, 0
        planar: Any = None
        try:
            for frame in container.decode(stream):
                if planar is None:
                    rate = frame.sample_rate
                    planar = av.AudioResampler(format="fltp", layout=frame.layout.name, rate=rate)
                time = None if frame.pts is None else frame.pts * tick - origin
                for piece in planar.resample(frame):
                    block = piece.to_ndarray().mean(axis=0, dtype=np.float32)
                    due = done if time is None else round(time * rate)
                    if abs(due - done) > _JITTER * rate:
                        if due > done:
                            yield from _silence(rate, due - done)
                            done = due
                        else:
                            block = block[done - due :]
                    if len(block):
                        done += len(block)
                        yield rate, block
        except (av.FFmpegError, ValueError) as error:  # ValueError: the rate or the channels change on the way
            raise _broken(file, done / max(rate, 1), error) from None


def _silence(rate: int, samples: int) -> Iterator[tuple[int, np.ndarray]]:
    for begin in range(0, samples, _BLOCK):
        yield rate, np.zeros(min(_BLOCK, samples - begin), np.float32)


def _mono(block: np.ndarray) -> np.ndarray:
    """[S, C] → [S]."""
    return block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)


def _resample(samples: np.ndarray, old: int, new: int) -> np.ndarray:
    import torch  # late: ingestion reads no samples

    with torch.inference_mode():
        resampled: np.ndarray = _resampler(old, new)(torch.from_numpy(np.ascontiguousarray(samples))).numpy()
    return resampled


@lru_cache(maxsize=16)
def _resampler(old: int, new: int) -> Any:
    from torchaudio.transforms import Resample

    return Resample(old, new)  # windowed sinc; the kernel is made once


def _open(file: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(file)
    except soundfile.LibsndfileError as error:
        raise Problem(
            f"{file} cannot be read as sound ({error.error_string.rstrip('.')}): {_AGAIN}, or remove it"
        ) from None


def _container(file: Path) -> Any:
    try:
        return av.open(str(file))
    except av.FFmpegError as error:
        raise Problem(f"{file} cannot be read as media ({error.strerror}): {_AGAIN}, or remove it") from None


def _sound_stream(file: Path, container: Any) -> Any:
    if not container.streams.audio:
        raise Problem(f"{file} has no sound track: replace it by a file that has one, or remove it")
    return container.streams.audio[0]


def _origin(container: Any) -> float:
    return float((container.start_time or 0) / av.time_base)


def _broken(file: Path, second: float, error: object) -> Problem:
    return Problem(f"{file}: broken at {second:.1f} s ({str(error).rstrip('.')}): {_AGAIN}")


def _truncated(file: Path, told: float, held: float) -> Problem:
    return Problem(f"{file}: truncated: its header tells of {told:.1f} s, it holds {held:.1f} s: {_AGAIN}")


def _expect_content(file: Path) -> None:
    if not file.is_file():
        raise Problem(f"{file} is missing: put it back, or ingest again")
    if file.stat().st_size == 0:
        raise Problem(f"{file} is empty: {_AGAIN}, or remove it")


def _probe_sound(file: Path) -> Sound:
    with _open(file) as sound:
        rate = int(sound.samplerate)
        duration = sound.frames / rate
        if file.suffix.lower() == ".wav":
            _check_wav(file, sound, duration)
        elif file.suffix.lower() == ".flac" and sound.frames:
            try:
                sound.seek(sound.frames - 1)
                whole = len(sound.read(1)) == 1
            except soundfile.LibsndfileError:
                whole = False
            if not whole:
                raise _truncated(file, duration, _readable(file) / rate)
        return Sound(duration, rate, int(sound.channels))


def _readable(file: Path) -> int:
    """Frames until the file breaks off."""
    frames = 0
    with _open(file) as sound:
        try:
            while block := len(sound.read(_BLOCK)):
                frames += block
        except soundfile.LibsndfileError:
            pass
    return frames


def _check_wav(file: Path, sound: soundfile.SoundFile, held: float) -> None:
    """libsndfile reads a cut-off wav without a word: compare the data chunk's size with the file's.

    A size of 0 or of nearly 2^32 is what a program writes that streams and does not know yet.
    """
    end = file.stat().st_size
    with file.open("rb") as stream:
        if stream.read(4) != b"RIFF":
            return
        stream.seek(12)
        while len(head := stream.read(8)) == 8:
            length = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                here = end - stream.tell()
                if here < length < 0x7FFFF000 and here > 0:
                    raise _truncated(file, held * length / here, held)
                if here == 0 and length:
                    raise Problem(f"{file}: truncated: it ends after its header: {_AGAIN}")
                return
            stream.seek(length + length % 2, 1)


def _tells_duration(file: Path) -> bool:
    """Whether the header does. An mp3 may: its first frame, after the cover picture, then counts the others."""
    if file.suffix.lower() != ".mp3":
        return file.suffix.lower() not in _ESTIMATED
    with file.open("rb") as stream:
        head = stream.read(1 << 20)
    return b"Xing" in head or b"Info" in head


def _probe_container(file: Path) -> Sound:
    with _container(file) as container:
        stream = _sound_stream(file, container)
        told = None
        if container.duration is not None and _tells_duration(file):
            told = container.duration / av.time_base
        held, sound_end = _ends(container, stream, told)
        if told is not None and held < told - _SLACK:
            raise _truncated(file, told, held)
        return Sound(sound_end, int(stream.rate), int(stream.channels))


def _ends(container: Any, stream: Any, told: float | None) -> tuple[float, float]:
    """Where the last packet of any track ends, and where the last one of the sound does (seconds, by the packets)."""
    if told is not None and told > 2 * _TAIL:
        try:
            container.seek(int((told - _TAIL) * av.time_base) + (container.start_time or 0))
            ends = _scan(container, stream)
            if ends[1] > 0:
                return ends
        except av.FFmpegError:
            pass  # no index: look at every packet
        container.seek(container.start_time or 0)
    return _scan(container, stream)


def _scan(container: Any, stream: Any) -> tuple[float, float]:
    origin, held, sound = _origin(container), 0.0, 0.0
    try:
        for packet in container.demux():
            if packet.pts is not None:
                end = (packet.pts + (packet.duration or 0)) * float(packet.time_base) - origin
                held = max(held, end)
                if packet.stream.index == stream.index:
                    sound = max(sound, end)
    except av.FFmpegError:
        pass  # it breaks off here: what was seen counts
    return held, sound
