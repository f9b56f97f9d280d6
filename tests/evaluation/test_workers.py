from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from photochrom.evaluation.workers import MOST_JOBS, choose_jobs, each, in_order


@pytest.mark.parametrize(
    ("items", "wish", "jobs"), [(100, 3, 3), (2, 3, 2), (0, 3, 1), (0, None, 1), (7, None, 1)]
)
def test_processes_are_as_asked_but_never_more_than_pictures(items: int, wish: int | None, jobs: int) -> None:
    assert choose_jobs(items, wish) == jobs


def test_unasked_there_are_as_many_as_are_worth_their_start() -> None:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert choose_jobs(10_000) == min(usable, MOST_JOBS)
    assert choose_jobs(16) <= 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_are_in_the_order_of_the_items(jobs: int, known) -> None:
    """And made by the contestants that were opened, in whichever process."""
    specs = [known("one"), known("two")]
    work = importlib.import_module("evaluation_fakes").names_and
    assert in_order(work, [3, 1, 2], specs=specs, jobs=jobs) == [
        ("one two", 3),
        ("one two", 1),
        ("one two", 2),
    ]


def test_in_one_process_work_is_done_only_as_it_is_asked_for() -> None:
    done: list[int] = []
    results = each(lambda _, item: done.append(item), [1, 2, 3], specs=(), opened=(), jobs=1)
    next(results)
    results.close()
    assert done == [1]


def test_a_process_that_is_ended_leaves_no_half_written_file(tmp_path: Path, known) -> None:
    known()  # puts the module of fakes where other processes find it
    work = importlib.import_module("evaluation_fakes").write_or_wait
    results = each(work, [(True, tmp_path), (False, tmp_path)], specs=(), opened=(), jobs=2)
    next(results)
    results.close()
    assert {file.name for file in tmp_path.iterdir()} == {"begun", "result"}
