"""params.yaml → frozen models: every name and number that a run depends on. A misspelt name is told the nearest one."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.paths import raw
from pipeline.problems import Problem, nearest

FILE = Path("params.yaml")
NONE = "none"  # what a system needs that needs no other
R = TypeVar("R")


class Row(BaseModel):
    """The base of every Config: frozen, typed, and closed to names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Craft(BaseModel):
    """A row whose `kind` names the craft file that reads the rest of it."""

    model_config = ConfigDict(frozen=True, extra="allow")
    kind: str

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Raw(Craft):
    """Where a raw corpus comes from: `pipeline.raw.<kind>` writes it to data/raw/<name>."""


class Corpus(Craft):
    """How a raw corpus is read (`pipeline.corpora.<kind>`) and split."""

    raw: str


class Alignment(BaseModel):
    """A corpus's cues held against their sound (`pipeline.alignment`): what is kept is a corpus of this name."""

    model_config = ConfigDict(frozen=True, extra="allow")
    corpus: str
    raw: str  # the corpus's raw folder: DVC aligns anew when the subtitles or the sound change
    system: str  # the CTC recogniser that listens
    texts: str  # a corpus whose fields show what each language looks like

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Encoding(Craft):
    """One field of a corpus as numbers: features (`pipeline.features.<kind>`) or tokens (`pipeline.tokens.<kind>`)."""

    corpus: str
    field: str


class Features(Encoding):
    raw: str  # the corpus's raw folder: DVC reruns the features when the audio itself changes


class System(Row):
    """One trained model of one task."""

    task: str
    corpus: str
    source: str  # features/<name> or tokens/<name>
    target: str
    needs: str  # another system that it is made with: a recogniser, a teacher, a judge; or `none`
    also: str  # a second one: a language model, a translator, a vocoder; or `none`
    model: Craft
    train: dict[str, Any] = {}
    decode: dict[str, Any] = {}
    metrics: list[str]

    @property
    def others(self) -> list[str]:
        """The systems that it is made with."""
        return [name for name in (self.needs, self.also) if name != NONE]


class Average(Row):
    """Systems whose scores are one figure together: of a speaker each who was left out, say."""

    systems: list[str] = Field(min_length=2)


class Study(Craft):
    """Something shown about an architecture without a corpus: `pipeline.studies.<kind>` draws its curves."""


class Probe(Craft):
    """A trained system asked in a special way: `pipeline.probes.<kind>` tells how its answers behave."""

    system: str
    corpus: str  # its test sentences are what it asks


class Params(Row):
    raw: dict[str, Raw] = {}
    corpora: dict[str, Corpus] = {}
    alignments: dict[str, Alignment] = {}
    features: dict[str, Features] = {}
    tokens: dict[str, Encoding] = {}
    systems: dict[str, System] = {}
    averages: dict[str, Average] = {}
    probes: dict[str, Probe] = {}
    studies: dict[str, Study] = {}
    report: dict[str, Any] = {}


C = TypeVar("C", bound=Row)


def configure(config: type[C], options: Mapping[str, Any], where: str) -> C:
    """`options`, checked against a craft's Config.

    Raises Problem naming `where` (systems.mt.model, say) with the misspelt name and its nearest one, or the bad value.
    """
    try:
        return config.model_validate(dict(options))
    except ValidationError as error:
        raise Problem(_explain(error, config, where)) from None


def craft(room: str, kind: str, where: str) -> Any:
    """The module `pipeline.<room>.<kind>`. Raises Problem naming `where` with the nearest kind there is."""
    folder = Path(__file__).parent / room
    files = {file.stem: file for file in folder.glob("*.py")} | {
        file.parent.name: file for file in folder.glob("*/__init__.py")
    }
    # A room also holds modules that its crafts share: a craft is what has a Config.
    kinds = [name for name, file in files.items() if "class Config(" in file.read_text(encoding="utf-8")]
    if kind not in kinds:
        raise Problem(f"{where}.kind: there is no {kind!r}: {nearest(kind, kinds)}")
    return import_module(f"pipeline.{room}.{kind}")


def load(file: Path = FILE) -> Params:
    """Read and check params.yaml, cross references included."""
    if not file.is_file():
        raise Problem(f"{file} is missing: run from the folder that holds it (the project's root, or a recipe)")
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise Problem(f"{file} is not valid YAML: {' '.join(str(error).split())}") from None
    except UnicodeDecodeError:
        raise Problem(f"{file} is not UTF-8: convert it") from None
    if not isinstance(content, dict):
        raise Problem(f"{file} holds no sections: write `corpora:`, `systems:` and the like, each with its rows")
    params = configure(Params, content, where=str(file))
    _check_names(params)
    return params


def row(rows: Mapping[str, R], name: str, section: str) -> R:
    """The row called `name`; Problem with the nearest name if there is none."""
    if name not in rows:
        raise Problem(f"params.yaml has no {section}.{name}: {nearest(name, rows)}")
    return rows[name]


def _check_names(params: Params) -> None:
    for name, corpus in params.corpora.items():
        # What a user owns stands in data/raw by hand (`dvc add`) and has no row under `raw`.
        places = (raw(corpus.raw), raw(f"{corpus.raw}.dvc"))
        if corpus.raw not in params.raw and not any(place.exists() for place in places):
            raise Problem(
                f"corpora.{name}.raw: there is neither a row raw.{corpus.raw} nor a folder data/raw/{corpus.raw}: "
                f"{nearest(corpus.raw, params.raw)} (or put your files there and `dvc add` them)"
            )
    for name, alignment in params.alignments.items():
        if name in params.corpora:
            raise Problem(f"alignments.{name}: there is a corpus of this name: give the alignment another")
        _expect(f"alignments.{name}.corpus", alignment.corpus, params.corpora)
        _expect(f"alignments.{name}.raw", alignment.raw, [params.corpora[alignment.corpus].raw])
        _expect(f"alignments.{name}.system", alignment.system, params.systems)
        _expect(f"alignments.{name}.texts", alignment.texts, params.corpora)
    for name, average in params.averages.items():
        for averaged in average.systems:
            _expect(f"averages.{name}.systems", averaged, params.systems)
    corpora: dict[str, Corpus | Alignment] = {**params.corpora, **params.alignments}
    for section, rows in (("features", params.features), ("tokens", params.tokens)):
        for name, encoding in rows.items():
            _expect(f"{section}.{name}.corpus", encoding.corpus, corpora)
    for name, features in params.features.items():
        _expect(f"features.{name}.raw", features.raw, [corpora[features.corpus].raw])
    _check_systems(params, corpora)
    for name, probe in params.probes.items():
        _expect(f"probes.{name}.system", probe.system, params.systems)
        _expect(f"probes.{name}.corpus", probe.corpus, corpora)
    for section in ("probes", "studies"):  # their scores and curves stand beside those of the systems
        for name in getattr(params, section):
            others = [s for s in ("systems", "probes", "studies") if s != section and name in getattr(params, s)]
            if others:
                raise Problem(f"{section}.{name}: there is a row {others[0]}.{name}: give this one another name")


def _check_systems(params: Params, corpora: Mapping[str, Any]) -> None:
    for name, system in params.systems.items():
        _expect(f"systems.{name}.corpus", system.corpus, corpora)
        sides = [f"features/{f}" for f in params.features] + [f"tokens/{t}" for t in params.tokens]
        _expect(f"systems.{name}.source", system.source, sides)
        _expect(f"systems.{name}.target", system.target, sides)
        for slot, other in (("needs", system.needs), ("also", system.also)):
            _expect(f"systems.{name}.{slot}", other, [*params.systems, NONE])
            if other == name:
                raise Problem(f"systems.{name}.{slot}: a system cannot need itself")
        for side, place in (("source", system.source), ("target", system.target)):
            # The two sides and the records are matched by their order: another corpus's would be other sentences.
            section, name_there = place.split("/", 1)
            corpus = getattr(params, section)[name_there].corpus
            if corpus != system.corpus:
                raise Problem(
                    f"systems.{name}.{side}: {place} encodes the corpus {corpus}, not {system.corpus}: "
                    f"take one of {system.corpus}, or set systems.{name}.corpus to {corpus}"
                )


def _expect(where: str, name: str, known: Any) -> None:
    if name not in known:
        raise Problem(f"{where}: there is no {name!r}: {nearest(name, known)}")


def _explain(error: ValidationError, config: type[BaseModel], where: str) -> str:
    lines = []
    for fault in error.errors():
        place = ".".join([where, *(str(part) for part in fault["loc"])])
        if fault["type"] == "extra_forbidden":
            known = _fields(config, fault["loc"][:-1])
            lines.append(f"{place}: no such name: {nearest(str(fault['loc'][-1]), known)}")
        elif fault["type"] == "missing":
            lines.append(f"{place} is missing")
        else:
            given = "" if isinstance(fault["input"], dict) else f" (it is {fault['input']!r})"
            lines.append(f"{place}: {fault['msg'].removeprefix('Value error, ')}{given}")
    return "; ".join(lines)


def _fields(config: Any, location: tuple[int | str, ...]) -> list[str]:
    """The names known at a location inside a model, for the nearest-name remedy."""
    for part in location:
        field = getattr(config, "model_fields", {}).get(part)
        if field is not None:
            config = field.annotation
        arguments = getattr(config, "__args__", ())
        config = next((a for a in reversed(arguments) if hasattr(a, "model_fields")), config)
    return [field.alias or name for name, field in getattr(config, "model_fields", {}).items()]
