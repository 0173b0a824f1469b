"""Features of frames [T, dim] → a waveform [S], by Griffin-Lim: without anything that was trained.

Energies of mel filters → the power spectrum that would have given them → a phase that fits its neighbours (Griffin and
Lim 1984, as Perraudin et al. 2013 hurry it on). The same features give the same samples.
"""

import numpy as np
import torch
import torchaudio

from pipeline.features.codec import FLOOR, FrameCodec
from pipeline.features.frames import Frames
from pipeline.problems import Problem

SEED = 1  # of the phases that the search begins with
MOMENTUM = 0.99  # Perraudin et al. 2013, section 5
UNMIXING = 30  # steps from energies to the spectrum: more change nothing that one hears


@torch.inference_mode()
def waveform(codec: FrameCodec, values: np.ndarray, iterations: int = 32) -> np.ndarray:
    """Normalised features [T, dim] → float32 [S] at the codec's rate, S = (T - 1) * hop + length.

    The samples stand where `codec.encode` would look for them; no sample lies beyond 1. `iterations` trades time for
    less of a metallic ring. Raises Problem as `check` does.
    """
    check(codec)
    if not len(values):
        return np.zeros(0, np.float32)
    static = torch.from_numpy(codec.denormalise(values.astype(np.float32))[:, : codec.static])
    energies, filters = codec.energies(static)
    power = energies if filters is None else unmix(energies, filters)
    samples = griffin_lim(power, codec.frames, iterations).numpy()
    return samples / max(1.0, float(np.abs(samples).max()))


def check(codec: FrameCodec) -> None:
    """Raises Problem if its features do not determine a waveform: normalised by utterance, or without overlap."""
    if codec.config.normalise == "utterance":
        raise Problem("normalise: utterance cannot be undone: give a synthesiser features with normalise: global")
    frames = codec.frames
    if frames.hop * 2 > frames.length:
        raise Problem(
            f"hop {codec.config.hop:g} s is more than half of frame {codec.config.frame:g} s: a waveform needs frames "
            "that overlap: shorten the hop"
        )


def unmix(energies: torch.Tensor, filters: torch.Tensor, steps: int = UNMIXING) -> torch.Tensor:
    """Energies [T, n] through filters [bins, n] → a power spectrum [T, bins] ≥ 0 that explains them.

    Non-negative least squares by multiplicative updates (Lee and Seung 2001, theorem 1), from a smooth start: what
    the filters leave open stays smooth.
    """
    power = (energies / filters.sum(dim=0)) @ filters.T
    wanted = energies @ filters.T
    for _ in range(steps):
        power = power * (wanted + FLOOR) / (power @ filters @ filters.T + FLOOR)
    return power


def griffin_lim(power: torch.Tensor, frames: Frames, iterations: int) -> torch.Tensor:
    """A power spectrum [T, bins] → samples [(T - 1) * hop + length]."""
    # The search sees frames around multiples of the hop; ours lie half a frame later, and end half a frame earlier:
    # the outermost are said again to fill the edges, and what is too much is cut off.
    edge = -(-frames.length // (2 * frames.hop))
    padded = torch.cat([power[:1].expand(edge, -1), power, power[-1:].expand(edge, -1)])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        signal: torch.Tensor = torchaudio.functional.griffinlim(
            padded.T,
            window=frames.window,
            n_fft=frames.n_fft,
            hop_length=frames.hop,
            win_length=frames.n_fft,
            power=2.0,
            n_iter=iterations,
            momentum=MOMENTUM,
            length=None,
            rand_init=True,
        )
    begin = edge * frames.hop - frames.length // 2
    return signal[begin : begin + (len(power) - 1) * frames.hop + frames.length]
