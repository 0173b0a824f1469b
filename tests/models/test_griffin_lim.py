from pathlib import Path

import numpy as np
import pytest

from pipeline.data import Data, Side
from pipeline.features import mel
from pipeline.models import griffin_lim
from pipeline.problems import Problem
from pipeline.sequences import Sequences


def side(codec: mel.Codec) -> Side:
    noise = (0.1 * np.random.default_rng(1).normal(size=4000)).astype(np.float32)
    return Side(codec, Sequences.of([codec.measure([noise])[0]]))


def test_it_needs_no_training(tmp_path: Path) -> None:
    source = side(mel.Codec(mel.Config(normalise="none")))
    config = griffin_lim.Config(iterations=3)
    model, history = griffin_lim.fit(
        data=Data({"train": source}, {}), config=config, options=griffin_lim.Train(), needs=(), work=tmp_path
    )
    assert history == []
    griffin_lim.save(model, tmp_path)
    loaded = griffin_lim.load(tmp_path)
    assert loaded.iterations == 3
    ((found,),) = griffin_lim.decode(model=loaded, source=source, target=None, options=griffin_lim.Decode())
    assert found.rate == 16_000 and found.waveform is not None
    assert len(found.waveform) == (len(source.sequences[0]) - 1) * 160 + 400


def test_features_that_cannot_come_back_are_told_at_once(tmp_path: Path) -> None:
    source = side(mel.Codec(mel.Config(normalise="utterance")))
    with pytest.raises(Problem, match="cannot be undone"):
        griffin_lim.fit(
            data=Data({"train": source}, {}),
            config=griffin_lim.Config(),
            options=griffin_lim.Train(),
            needs=(),
            work=tmp_path,
        )
