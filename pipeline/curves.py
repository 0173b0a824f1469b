"""An epoch's numbers → curves that `dvc plots` draws: `plots/metrics/<name>.tsv` with the columns step and <name>.

Written through dvclive. A bare machine that trains without it gets the same tables.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

History = Sequence[dict[str, float]]


def write_curves(history: History, folder: Path) -> None:
    """One table a number, one row an epoch, counted from 0. An empty history leaves an empty folder."""
    if history and find_spec("dvclive"):
        _write_by_dvclive(history, folder)
    else:
        _write_tables(history, folder / "plots" / "metrics")


def _write_by_dvclive(history: History, folder: Path) -> None:
    from dvclive.live import Live

    with Live(str(folder), save_dvc_exp=False, dvcyaml=None, report=None, monitor_system=False) as live:
        for epoch in history:
            for name, value in epoch.items():
                live.log_metric(name, _rounded(value))
            live.next_step()
    (folder / "metrics.json").unlink(missing_ok=True)  # the last epoch's numbers are in the tables


def _write_tables(history: History, folder: Path) -> None:
    for name in sorted({name for epoch in history for name in epoch}):
        folder.mkdir(parents=True, exist_ok=True)
        rows = [f"{step}\t{_rounded(epoch[name])}" for step, epoch in enumerate(history) if name in epoch]
        (folder / f"{name}.tsv").write_text("\n".join([f"step\t{name}", *rows]) + "\n", encoding="utf-8")


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
