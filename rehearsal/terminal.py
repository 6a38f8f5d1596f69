"""A score as tables and sentences on the terminal."""

from rich.console import Console
from rich.table import Table

from rehearsal import words
from rehearsal.score import Score


def show(console: Console, score: Score) -> None:
    """For each operation how it ended and what it took; then what may be concluded, and what failed."""
    for cast, tally in score.asked:
        beside = score.beside(cast)
        console.print("", _ends(score, cast.operation), "", sep="\n")
        console.print(_table(f"{cast.operation} by Windlass, one operation", [*words.uses(tally)]), "", sep="\n")
        if beside is not None:
            console.print(
                _table("the same by Clouddriver's policy", [*words.uses_of_clouddriver(beside)]), "", sep="\n"
            )
    for sentence in _sentences(score):
        console.print(f"{sentence}\n", markup=False, highlight=False)
    _failures(console, score)
    console.print("To repeat it:")
    console.print(f"  {score.plan.command}", soft_wrap=True, markup=False, highlight=False)


def _ends(score: Score, operation: str) -> Table:
    title = f"{operation} under {score.plan.faults}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("faults", "policy", "runs", "ended", "failed", "below", "left"):
        table.add_column(name, justify="left" if name in ("policy", "ended") else "right", no_wrap=True)
    for cast, tally in score.of(operation):
        numbers = (words.rate(tally.rate), words.rate(tally.bound), f"{tally.orphaned:,}")
        ended = "\n".join(words.ends(tally))
        table.add_row(words.severity(cast), words.policy(cast), f"{tally.runs:,}", ended, *numbers)
    return table


def _table(title: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    return table


def _sentences(score: Score) -> list[str]:
    asked = [words.verdict(cast, tally, score.beside(cast)) for cast, tally in score.asked]
    found = [words.breaking(one, point, score.plan.around) for one, point in score.breaks.items()]
    return [*asked, *found, words.retrying(), words.independent(), words.played(score)]


def _failures(console: Console, score: Score) -> None:
    """Seeds, and what shows the whole history of each."""
    for cast, tally, shown in score.failures:
        for seed, why in shown:
            console.print(f"{cast.operation} {words.severity(cast)}, seed {seed}: {why}", soft_wrap=True, markup=False)
            console.print(f"  {score.plan.replay(cast, seed)}", soft_wrap=True, markup=False, highlight=False)
        if tally.failed > len(shown):
            console.print(f"  and {tally.failed - len(shown):,} more at {words.severity(cast)}\n")
