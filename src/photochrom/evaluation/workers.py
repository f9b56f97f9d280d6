"""Contestants in several processes at once, each opened there once and given one picture after another."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from typing import Any, Final, TypeVar

from photochrom.errors import PhotochromError
from photochrom.images import set_threads

Item = TypeVar("Item")
Done = TypeVar("Done")

MOST_JOBS: Final = 8
# To start a process and to open a model in it takes about as long as so many small pictures.
_WORTH_A_PROCESS: Final = 8


def choose_jobs(items: int, wish: int | None = None) -> int:
    """Processes for so many pictures: as asked, else all that this process may use, at most 8.

    Never more than pictures; unasked, none that would have too few of them to be worth its start.
    """
    if wish is not None:
        return max(1, min(wish, items))
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable, MOST_JOBS, items // _WORTH_A_PROCESS))


def each(
    work: Callable[[Sequence[Any], Item], Done],
    items: Sequence[Item],
    *,
    specs: Sequence[Any],
    opened: Sequence[Any],
    jobs: int,
    threads: int = 1,
) -> Generator[Done, None, None]:
    """What `work(contestants, item)` gives for each item, in whatever order they are finished.

    work: a function of a module, so that other processes find it; items, results and errors pickle
    specs: what the contestants are opened from elsewhere; opened: the same ones, in this process
    threads: of each process, for networks and for libvips

    One job works in this process. On an error or an interruption each process ends with the item at hand.
    Raises PhotochromError where one has died, and whatever `work` raises.
    """
    if jobs <= 1:
        for item in items:
            yield work(opened, item)
        return
    with _pool(specs, jobs=jobs, threads=threads) as pool:
        futures: list[Future[Done]] = [
            pool.submit(functools.partial(_in_worker, work), item) for item in items
        ]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            reason = "one of the processes has died, most likely for want of memory; try fewer of them"
            raise PhotochromError("jobs", reason) from error


def in_order(
    work: Callable[[Sequence[Any], Item], Done],
    items: Sequence[Item],
    *,
    specs: Sequence[Any],
    jobs: int,
    threads: int = 1,
) -> list[Done]:
    """As `each`, but all of it, in the order of the items."""
    opened = [spec.open(threads) for spec in specs] if jobs <= 1 else ()
    numbered = functools.partial(_numbered, work)
    with closing(
        each(numbered, list(enumerate(items)), specs=specs, opened=opened, jobs=jobs, threads=threads)
    ) as found:
        return [done for _, done in sorted(found, key=lambda one: one[0])]


def _numbered(
    work: Callable[[Sequence[Any], Item], Done], contestants: Sequence[Any], item: tuple[int, Item]
) -> tuple[int, Done]:
    return item[0], work(contestants, item[1])


@contextmanager
def _pool(specs: Sequence[Any], *, jobs: int, threads: int) -> Iterator[ProcessPoolExecutor]:
    # A forked process would share the threads of ONNX Runtime and libvips, which then hang.
    context = multiprocessing.get_context("spawn")
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(tuple(specs), threads))
    try:
        yield pool
    except BaseException:
        # Nobody asks for what is left: finished records are on the disk.
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


_contestants: list[Any] = []
_at_work: list[bool] = []
_ending: list[bool] = []


def _start(specs: Sequence[Any], threads: int) -> None:
    """Make a new process ready. Ctrl-C reaches every process of a terminal; this one's parent sees to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    set_threads(threads)
    _contestants[:] = [spec.open(threads) for spec in specs]


def _end(_number: int, _frame: object) -> None:
    """End, but not before the item at hand is done: a file that is half written would stay so.

    No exception: raised where C calls back into Python it would be printed, and go no further.
    """
    if not _at_work:
        os._exit(1)
    _ending.append(True)


def _in_worker(work: Callable[[Sequence[Any], Item], Done], item: Item) -> Done:
    _at_work.append(True)
    try:
        return work(_contestants, item)
    finally:
        _at_work.clear()
        if _ending:
            os._exit(1)
