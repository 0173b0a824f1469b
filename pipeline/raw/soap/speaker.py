"""A process that speaks: lines of JSON on standard input → samples on standard output.

Each request is {"text", "voice", "rate", "pitch"}; each answer is its length in bytes (4 bytes, little-endian) and
16-bit samples at RATE. espeak-ng carries state from one utterance to the next, so every request is spoken by a fresh
fork with a fixed random seed: the same request gives the same bytes wherever it stands. This runs as a process of its
own because a fork is safe (and cheap) only where there are no threads and little memory.
"""

import ctypes
import json
import os
import sys

import espeakng_loader

RATE = 22_050  # Hz, of espeak-ng's phoneme data
SEED = 1
SYNCHRONOUS, CHARACTERS, UTF8 = 2, 1, 1  # espeak_AUDIO_OUTPUT, espeak_POSITION_TYPE, flags of espeak_Synth
SPEED, PITCH = 1, 3  # espeak_PARAMETER
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def load() -> ctypes.CDLL:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate != RATE:
        sys.exit(f"espeak-ng does not start (it answered {rate} instead of {RATE} Hz): install espeakng-loader again")
    return library


def speak(library: ctypes.CDLL, text: str, voice: str, rate: int, pitch: int) -> bytes:
    """16-bit samples at RATE. The library must not have spoken before."""
    spoken: list[bytes] = []

    def receive(samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: int | None) -> int:
        if samples and count > 0:
            spoken.append(ctypes.string_at(samples, 2 * count))
        return 0

    callback = CALLBACK(receive)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        sys.exit(f"espeak-ng has no voice {voice!r}")
    library.espeak_ng_SetRandSeed(ctypes.c_long(SEED))
    library.espeak_SetParameter(SPEED, rate, 0)
    library.espeak_SetParameter(PITCH, pitch, 0)
    encoded = text.encode() + b"\0"
    if library.espeak_Synth(encoded, len(encoded), 0, CHARACTERS, 0, UTF8, None, None) != 0:
        sys.exit(f"espeak-ng cannot speak {text!r}")
    library.espeak_Synchronize()
    return b"".join(spoken)


def serve() -> None:
    library = load()
    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            samples = speak(library, **json.loads(line))
            with os.fdopen(os.dup(1), "wb") as output:
                output.write(len(samples).to_bytes(4, "little") + samples)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            sys.exit(1)


if __name__ == "__main__":
    serve()
