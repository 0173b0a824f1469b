import numpy as np

from pipeline.features.spectrum import Codec, Config


def test_a_tone_stands_in_its_bin() -> None:
    codec = Codec(Config(rate=1000, frame=0.1, hop=0.1, n_fft=100, window="rectangular", normalise="none"))
    tone = np.sin(2 * np.pi * 200 * np.arange(300) / 1000).astype(np.float32)
    values = codec.encode(tone)
    assert values.shape == (3, 51) == (3, codec.dim)
    assert (values.argmax(axis=1) == 20).all()  # 10 Hz a bin
    np.testing.assert_allclose(values[:, 20], np.log(50**2), rtol=1e-4)  # half of 100 samples
