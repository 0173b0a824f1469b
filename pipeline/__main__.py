"""python -m pipeline <stage> <name>, and the commands that use a trained system. Nothing heavy is imported unneeded."""

import ctypes
import sys
from importlib import import_module
from typing import Annotated

import typer

from pipeline import commands
from pipeline.problems import Problem

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a fault of ours is a plain traceback, readable in a log
    help="From raw corpora to trained and scored systems.",
)


def _stage(verb: str, sentence: str) -> None:
    def command(name: str = typer.Argument(help="A name in params.yaml.")) -> None:
        import_module(f"pipeline.stages.{verb}").run(name)

    app.command(verb, help=sentence, rich_help_panel="Stages (dvc.yaml runs them)")(command)


def _whole_stage(verb: str, sentence: str) -> None:
    def command() -> None:
        import_module(f"pipeline.stages.{verb}").run()

    app.command(verb, help=sentence, rich_help_panel="Stages (dvc.yaml runs them)")(command)


_whole_stage("fingerprint", "Hash the syntax tree of every module: what stages depend on.")
_stage("prepare", "Write a raw corpus to data/raw: generate it, or fetch it with its checksum.")
_stage("ingest", "Read a raw corpus into manifests; what is dropped is kept with its reason.")
_stage("align", "Hold the cues of a corpus against their sound; what is kept is a corpus of the alignment's name.")
_stage("featurize", "Turn audio into feature shards.")
_stage("tokenize", "Build a vocabulary and turn text into ids.")
_stage("train", "Train a system.")
_stage("decode", "Decode the test set with a trained system.")
_stage("evaluate", "Score hypotheses against references.")
_stage("probe", "Ask a trained system in a special way, and score how it behaves.")
_stage("study", "Draw what an architecture does, whatever the corpus.")
_stage("average", "Take the mean of several systems' scores.")
_whole_stage("report", "Write the report: one offline HTML file.")
commands.register(app)


@app.command("check", rich_help_panel="Before and after")
def check_params() -> None:
    """Check every name and value of params.yaml. Says nothing where all is well."""
    from pipeline.check import check
    from pipeline.params import load

    check(load())


@app.command(rich_help_panel="Before and after")
def scores(markdown: bool = typer.Option(False, "--markdown", help="A Markdown table.")) -> None:
    """The scores of all systems of this workspace, and where the report is."""
    from pipeline import paths, scoreboard
    from pipeline.params import load

    table = scoreboard.rows(load())
    if markdown:
        print(scoreboard.markdown(table))
        return
    print(scoreboard.plain(table))
    if paths.report().is_file():
        print(f"\nreport: {paths.report().resolve().as_uri()}")


@app.command(rich_help_panel="Before and after")
def compare(
    without: Annotated[str | None, typer.Argument(metavar="[WITHOUT", help="A name under systems.")] = None,
    system: Annotated[str | None, typer.Argument(metavar="WITH]", help="The system held against it.")] = None,
    markdown: bool = typer.Option(False, "--markdown", help="A Markdown table."),
) -> None:
    """Two systems on the same test sentences, or all pairs of report.pairs: their difference and its 95 % interval."""
    from pipeline import comparison
    from pipeline.params import load

    if without is not None and system is None:
        raise Problem(f"compare {without}: name a second system, or none for the pairs of params.yaml")
    wanted = None if without is None or system is None else (without, system)
    print(comparison.told(load(), wanted, markdown))


def _keep_memory() -> None:
    """What torch frees stays with the process for its next tensor. A training spends a sixth of its time, else, on
    giving memory back to the kernel and getting it again. (mallopt is the GNU C library's; elsewhere nothing is done.)
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_MMAP_THRESHOLD, 2**25)
        library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def main() -> None:
    _keep_memory()
    try:
        app(standalone_mode=True)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(problem.status)


if __name__ == "__main__":
    main()
