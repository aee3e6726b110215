"""The proof, stage by stage; killed at any moment, it goes on where it was."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoint.fingerprint import base_sha256
from engine.errors import UsageError
from engine.models import located
from training.adapters.fingerprint import adapter_sha256
from training.finetune.files import write_text
from training.proof.clock import timed
from training.proof.finalists import (
    Finalist,
    finalists,
    hear_finalist,
    own_router,
    router_name,
    train_further,
    train_router,
)
from training.proof.hear import adapter_of, hear_base, hear_row, judge_clips, router_of
from training.proof.lanes import Job, aloud, run_jobs
from training.proof.material import (
    degrade,
    measure_part,
    speak,
    write_clean,
    write_data,
    write_script,
    write_tests,
)
from training.proof.measure import best_of, further_of, measure
from training.proof.page import page
from training.proof.plan import Plan, Row
from training.proof.results import Results, to_json
from training.proof.rows import name_of, train_row

PARTS = 2
"""Of the measurement of the base model's WER."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where it is made, and how.

    Attributes:
        work: folder of everything that is made on the way.
        plan: how much.
        lanes: processes at once; with 1 everything is done in this one.
        command: that is written down.
        speak: makes ``corpus/`` of ``script.json``, in so many processes.
    """

    work: Path
    plan: Plan
    lanes: int = 2
    command: str = "python -m training.proof"
    speak: Callable[[Path, int], None] = speak

    def run(self) -> Results:
        """Every stage that is not finished, in order.

        Raises:
            UsageError: the folder was begun with another base model, or another plan.
            WildscribeError: what went wrong; what was done until then is kept.
        """
        self.work.mkdir(parents=True, exist_ok=True)
        self._settle()
        with timed(self.work):
            self._make()
        aloud("== results")
        return measure(self.work, self.plan, self.command)

    def _make(self) -> None:
        """Everything that the figures follow from."""
        for name, stage in self._stages().items():
            finished = self.work / f"{name}.finished"
            if not finished.exists():
                aloud(f"== {name}")
                stage()
                finished.touch()
        aloud("== rows")
        self._jobs(self._rows())
        aloud("== finalists")
        # Adapter and router as the model has them now; what was judged is not judged again.
        judge_clips(self.work, router_of(self.plan))
        row = further_of(self.work, self.plan)
        present = adapter_sha256(adapter_of(self.plan))
        found = finalists(self.plan, present, best_of(self.work, self.plan), row)
        self._jobs(self._final(found, row))
        for finalist in found:
            if own := own_router(self.work, finalist):
                judge_clips(self.work, own)

    def _stages(self) -> dict[str, Callable[[], None]]:
        work, plan, lanes = self.work, self.plan, self.lanes
        return {
            "script": lambda: write_script(work, plan),
            "speech": lambda: self.speak(work, lanes),
            "clean": lambda: write_clean(work),
            "degraded": lambda: degrade(work, plan, lanes),
            "base": lambda: self._jobs(self._measurements()),
            "data": lambda: write_data(work, plan),
            "tests": lambda: write_tests(work, plan),
        }

    def _jobs(self, jobs: list[Job]) -> None:
        run_jobs(jobs, self.work / "jobs", self.lanes)

    def _measurements(self) -> list[Job]:
        return [
            Job(f"wer-{part}", measure_part, (self.work, self.plan.model, part, PARTS))
            for part in range(PARTS)
        ]

    def _rows(self) -> list[Job]:
        """Trainings first, since they are long; what hears fills the gaps at the end."""
        trainings = self.plan.trainings()
        jobs = []
        for row, seed in trainings:
            start = row.starts_from
            needs = frozenset({name_of(start, seed)} if start else ())
            work = (self.work, self.plan, row, seed)
            jobs.append(Job(name_of(row, seed), train_row, work, needs))
        jobs.append(Job("hear-base", hear_base, (self.work, self.plan)))
        for row, seed in trainings:
            work, name = (self.work, self.plan, row, seed), name_of(row, seed)
            jobs.append(Job(f"hear-{name}", hear_row, work, frozenset({name})))
        return jobs

    def _final(self, found: Sequence[Finalist], row: Row) -> list[Job]:
        """What is trained further first, since it is long."""
        present, best, further = found
        work, plan = self.work, self.plan
        jobs = [Job(further.key, train_further, (work, plan, further, row))]
        for finalist in (present, best, further):
            needs = frozenset({further.key} if finalist is further else ())
            jobs += [
                Job(router_name(finalist), train_router, (work, plan, finalist), needs),
                Job(f"heard-{finalist.key}", hear_finalist, (work, plan, finalist), needs),
            ]
        return jobs

    def _settle(self) -> None:
        """Notes what all follows from, or compares it with what the folder was begun with."""
        base = base_sha256(located(self.plan.model))
        _same(
            self.work / "clips.txt",
            f"{base}\n{self.plan.clips()}\n",
            f"{self.work} was begun with another base model, or for other clips.",
            "Delete it, or name another folder with --work.",
        )
        for row, seed in self.plan.trainings():
            name = name_of(row, seed)
            _same(
                self.work / "rows" / f"{name}.txt",
                f"{self.plan.settings(row, seed, '')}\n",
                f"The row {name} in {self.work} was begun with another plan.",
                f"Delete rows/{name}.txt, runs/{name}, jobs/{name} and jobs/hear-{name} in it to "
                "train it anew on the same clips; likewise the rows that start from it.",
            )


def _same(path: Path, told: str, what: str, remedy: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") != told:
        raise UsageError(what, "It was left alone.", remedy)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, told)


def publish(results: Results, out: Path) -> None:
    """Writes the page, and the figures beside it.

    A section that a person wrote, ``results.why.md`` beside the page, is taken into it.
    """
    why = out.with_suffix(".why.md")
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out.with_suffix(".json"), to_json(results))
    write_text(out, page(results, why.read_text(encoding="utf-8") if why.is_file() else ""))
