"""Beam search: pipeline.models.transformer against Hugging Face `generate` with the same weights, in one run.

The trained Multi30k translator (recipes/multi30k: `make RECIPE=multi30k repro`) is copied into a MarianMTModel, the
architecture of `transformers` that computes the same function (post-norm, sinusoidal positions, tied tables). First the
logits of both are compared, then both decode test 2016 in the same batches with beam 5 on one thread, in turn; BLEU of
each and the ratio of CPU seconds are printed. Needs `make bench` for the peer.

    PYTHONPATH=. python benchmarks/decoding.py [--workspace recipes/multi30k] [--sentences 1000] [--rounds 1]
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sacrebleu
import torch

from pipeline import training
from pipeline.data import BEGIN, END, PAD, load_codec, load_side
from pipeline.models import transformer
from pipeline.params import load, row
from pipeline.paths import model as model_folder
from pipeline.search import steps
from pipeline.sequences import batches_of

BATCH = 4096  # padded source tokens times the beam


def as_marian(ours: transformer.Transformer) -> Any:
    """The same function as a MarianMTModel."""
    from transformers import MarianConfig, MarianMTModel

    config = ours.config
    assert config.norm == "post" and config.tied == "all", "Marian is post-norm with tied tables"
    marian = MarianMTModel(
        MarianConfig(
            vocab_size=ours.output.out_features,
            d_model=config.d_model,
            encoder_layers=config.layers,
            decoder_layers=config.layers,
            encoder_attention_heads=config.heads,
            decoder_attention_heads=config.heads,
            encoder_ffn_dim=config.ffn,
            decoder_ffn_dim=config.ffn,
            activation_function="relu",
            scale_embedding=True,
            pad_token_id=PAD,
            bos_token_id=BEGIN,
            eos_token_id=END,
            decoder_start_token_id=BEGIN,
            forced_eos_token_id=None,
            max_position_embeddings=512,
        )
    ).eval()
    weights = {"model.shared.weight": ours.target_table.weight}
    for side, layers in (("encoder", ours.encoder), ("decoder", ours.decoder)):
        names = {"attention": "self_attn"} | ({"cross": "encoder_attn"} if side == "decoder" else {})
        norms = [*(f"{theirs}_layer_norm" for theirs in names.values()), "final_layer_norm"]
        for i, layer in enumerate(layers):
            place = f"model.{side}.layers.{i}."
            for mine, theirs in names.items():
                attention = getattr(layer, mine)
                for kind in ("weight", "bias"):
                    key, value = getattr(attention.key_value, kind).chunk(2)
                    weights[f"{place}{theirs}.q_proj.{kind}"] = getattr(attention.query, kind)
                    weights[f"{place}{theirs}.k_proj.{kind}"] = key
                    weights[f"{place}{theirs}.v_proj.{kind}"] = value
                    weights[f"{place}{theirs}.out_proj.{kind}"] = getattr(attention.out, kind)
            for kind in ("weight", "bias"):
                weights[f"{place}fc1.{kind}"] = getattr(layer.feed.inner, kind)
                weights[f"{place}fc2.{kind}"] = getattr(layer.feed.outer, kind)
                for residual, norm in zip(layer.residuals, norms, strict=True):
                    weights[f"{place}{norm}.{kind}"] = getattr(residual.norm, kind)
    missing, unexpected = marian.load_state_dict(weights, strict=False)
    assert not unexpected, unexpected
    tables = ("embed_tokens", "embed_positions", "lm_head", "final_logits_bias")  # tied to the shared one, or fixed
    assert all(any(table in name for table in tables) for name in missing), missing
    marian.tie_weights()
    return marian


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--workspace", type=Path, default=Path("recipes/multi30k"))
    arguments.add_argument("--system", default="mt_transformer")
    arguments.add_argument("--sentences", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=1)
    chosen = arguments.parse_args()
    os.chdir(chosen.workspace)
    system = row(load().systems, chosen.system, "systems")
    ours = transformer.load(model_folder(chosen.system))
    marian = as_marian(ours)
    side = load_side(system.source, system.corpus, "test")
    target, references = load_codec(system.target), load_side(system.target, system.corpus, "test").values
    count = min(chosen.sentences, len(side.sequences))
    order = np.argsort(side.sequences.lengths[:count], kind="stable")
    options = steps.Decode(beam_size=5, batch=BATCH)
    plan = batches_of(side.sequences.lengths + 1, order, BATCH // options.beam_size)

    tokens = torch.from_numpy(transformer.with_end(side.sequences, plan[0][:4])[0])
    before = torch.full((len(tokens), 3), BEGIN)
    with torch.inference_mode():
        theirs = marian(input_ids=tokens, attention_mask=tokens != PAD, decoder_input_ids=before).logits
        apart = (ours.output(ours.hidden(*ours.encode(tokens), before)) - theirs).abs().max().item()
    print(f"logits of the two models are within {apart:.1e}")

    def search(rows: np.ndarray) -> list[list[int]]:
        return [found[0].tokens for found in steps.search(ours, side.sequences, rows, options)]

    def generate(rows: np.ndarray) -> list[list[int]]:
        tokens, lengths = transformer.with_end(side.sequences, rows)
        source = torch.from_numpy(tokens)
        found = marian.generate(
            input_ids=source,
            attention_mask=(source != PAD).long(),
            num_beams=options.beam_size,
            length_penalty=options.length_penalty,
            max_new_tokens=int(options.max_ratio * lengths.max() + 10),
            do_sample=False,
        )
        return [[t for t in line if t not in (PAD, BEGIN, END)] for line in found.tolist()]

    seconds: dict[str, list[float]] = {"Hugging Face generate": [], "ours": []}
    for turn in range(chosen.rounds + 1):
        batches = plan if turn else plan[:1]  # the first turn warms up
        for name, decode in (("Hugging Face generate", generate), ("ours", search)):
            spent, outputs = timed(decode, batches, precise=name != "ours")
            if turn:
                seconds[name].append(spent)
                bleu = sacrebleu.corpus_bleu(
                    [target.decode(outputs[i]) for i in range(count)],
                    [[target.prepare(references[i]) for i in range(count)]],
                    tokenize="none",
                    force=True,
                )
                print(f"{name}: {spent:.1f} CPU s, {bleu.score:.2f} BLEU (tokenised, lower-cased)", flush=True)
    theirs_, ours_ = (statistics.median(seconds[name]) for name in seconds)
    times = theirs_ / ours_
    print(f"{count} sentences, beam {options.beam_size}, one thread: ours takes {ours_:.1f} s, {times:.2f}x faster")


@torch.inference_mode()
def timed(
    decode: Callable[[np.ndarray], list[list[int]]], batches: list[np.ndarray], precise: bool
) -> tuple[float, dict[int, list[int]]]:
    """CPU seconds over the batches, and the output a row. The peer keeps torch's defaults."""
    torch.set_num_threads(1)
    if precise:
        torch.set_float32_matmul_precision("highest")
    else:
        training.prepare_device(0)
    began, outputs = time.process_time(), {}
    for rows in batches:
        for i, found in zip(rows, decode(rows), strict=True):
            outputs[int(i)] = found
    return time.process_time() - began, outputs


if __name__ == "__main__":
    main()
