"""How work reaches an event loop, and how blocking work leaves it."""

import asyncio
import gc
import threading
import time
import weakref
from collections import deque

import pytest

from mediastreams._webidl import tasks
from mediastreams._webidl.tasks import (
    Owner,
    Wakeups,
    background_loop,
    in_parallel,
    mailbox_of,
    queue_task,
    settle,
    snapshot,
    start_task,
    together,
    wakeups_of,
)


def in_thread(call):
    results = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join(10)
    return results[0]


async def wait_until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


# ── queue a task ─────────────────────────────────────────────────────────────────────────────────────


async def test_tasks_run_later_and_in_their_order():
    owner, found = Owner(), []
    for number in range(5):
        queue_task(owner, found.append, number)
    assert found == []
    await settle()
    assert found == [0, 1, 2, 3, 4]


async def test_one_task_runs_an_iteration_so_that_who_waits_for_it_runs_before_the_next():
    owner, log = Owner(), []
    events = [asyncio.Event() for _ in range(3)]

    async def follow():
        for number, event in enumerate(events):
            await event.wait()
            log.append(("seen", number))

    task = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    for number, event in enumerate(events):
        queue_task(owner, lambda number=number, event=event: (log.append(("task", number)), event.set()))
    await task
    assert log == [("task", 0), ("seen", 0), ("task", 1), ("seen", 1), ("task", 2), ("seen", 2)]


async def test_tasks_of_many_threads_all_arrive_each_thread_s_in_order():
    owner, found = Owner(), []

    def post(name):
        for number in range(200):
            queue_task(owner, found.append, (name, number))

    threads = [threading.Thread(target=post, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    await wait_until(lambda: len(found) == 800)
    for thread in threads:
        thread.join(5)
    for name in range(4):
        assert [number for who, number in found if who == name] == list(range(200))


async def test_a_task_that_raises_goes_to_the_loop_s_handler_and_the_next_one_runs():
    owner, found, errors = Owner(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))

    def fail():
        raise ZeroDivisionError("task")

    queue_task(owner, fail)
    queue_task(owner, found.append, 1)
    await settle()
    assert found == [1]
    assert [str(context["exception"]) for context in errors] == ["task"]
    assert errors[0]["message"] == "A queued task raised ZeroDivisionError"


class PostsWhenFoundEmpty(deque):
    """A mailbox's queue, to which another thread posts right after it was found empty."""

    post = None

    def popleft(self):
        try:
            return super().popleft()
        except IndexError:
            post, self.post = self.post, None
            if post is not None:
                in_thread(post)
            raise


async def test_a_task_that_is_posted_while_the_mailbox_goes_to_rest_is_not_forgotten():
    box = mailbox_of(asyncio.get_running_loop())
    done = asyncio.Event()
    box._queue = PostsWhenFoundEmpty()
    box._queue.post = lambda: box.post(done.set)
    box._scheduled = True  # this very run: an earlier one has taken the task that it was scheduled for
    box._run_one()
    async with asyncio.timeout(5):
        await done.wait()


async def test_tasks_may_queue_tasks():
    owner, found = Owner(), []

    def again(left):
        found.append(left)
        if left:
            queue_task(owner, again, left - 1)

    queue_task(owner, again, 3)
    await settle()
    assert found == [3, 2, 1, 0]


def test_a_closed_loop_takes_no_tasks():
    loop = asyncio.new_event_loop()
    box = mailbox_of(loop)
    loop.close()
    assert not box.post(print)
    assert box.loop is None


# ── owners ───────────────────────────────────────────────────────────────────────────────────────────


async def test_an_owner_is_the_loop_that_runs_at_construction():
    owner = Owner()
    assert owner.loop is asyncio.get_running_loop()
    assert owner.here
    assert not await asyncio.to_thread(lambda: owner.here)


def test_without_a_loop_it_is_the_one_of_the_first_binding():
    owner = Owner()
    assert owner.loop is None
    owner.bind()
    assert owner.loop is None

    async def main():
        owner.bind()
        return owner.loop is asyncio.get_running_loop()

    assert in_thread(lambda: asyncio.run(main()))


def test_an_owner_without_a_loop_uses_the_library_s_own():
    owner, done, names = Owner(), threading.Event(), []
    queue_task(owner, lambda: (names.append(threading.current_thread().name), done.set()))
    assert done.wait(5)
    assert names == ["mediastreams-loop"]
    assert owner.loop is background_loop()


def test_an_owner_whose_loop_was_closed_is_bound_anew_and_meanwhile_uses_ours():
    owners = []

    async def first():
        owners.append(Owner())

    in_thread(lambda: asyncio.run(first()))
    (owner,) = owners
    assert owner.loop is None
    done = threading.Event()
    queue_task(owner, done.set)
    assert done.wait(5)

    async def second():
        owner.check("Thing.do")
        return owner.here

    assert in_thread(lambda: asyncio.run(second()))


async def test_calls_from_elsewhere_are_told_how_to_get_there():
    owner = Owner()
    owner.check("Thing.do")

    def elsewhere():
        with pytest.raises(RuntimeError, match=r"Thing\.do was called outside .*call_soon_threadsafe"):
            owner.check("Thing.do")
        return True

    assert await asyncio.to_thread(elsewhere)


def test_while_the_owner_loop_does_not_run_anybody_may_call():
    loop = asyncio.new_event_loop()
    owner = Owner()
    loop.run_until_complete(_bind(owner))
    owner.check("Thing.do")
    loop.close()


async def _bind(owner):
    owner.bind()


# ── wake-ups ─────────────────────────────────────────────────────────────────────────────────────────


async def test_any_number_of_wake_ups_cost_one_crossing(monkeypatch):
    loop = asyncio.get_running_loop()
    wakeups, found, crossings = wakeups_of(loop), [], []
    crossing = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *args: (crossings.append(args), crossing(*args)))
    for number in range(50):
        wakeups.add(lambda number=number: found.append(number))
    assert not wakeups.idle
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert found == list(range(50))
    assert len(crossings) == 1


async def test_a_wake_up_that_fails_leaves_the_others_alone():
    loop, errors, found = asyncio.get_running_loop(), [], []
    loop.set_exception_handler(lambda _, context: errors.append(str(context["exception"])))

    def fail():
        raise ZeroDivisionError("wake-up")

    wakeups_of(loop).add(fail)
    wakeups_of(loop).add(lambda: found.append(1))
    await settle()
    assert (found, errors) == ([1], ["wake-up"])


def test_wake_ups_of_a_closed_loop_are_dropped():
    loop = asyncio.new_event_loop()
    wakeups = wakeups_of(loop)
    loop.close()
    wakeups.add(print)
    assert wakeups.idle


def test_wake_ups_that_were_on_their_way_when_the_loop_was_closed_do_not_pile_up():
    loop = asyncio.new_event_loop()
    wakeups = wakeups_of(loop)
    wakeups.add(print)  # scheduled, and never run
    loop.close()
    for _ in range(5000):
        wakeups.add(print)
    assert len(wakeups._calls) <= tasks._MANY + 1


# ── in parallel ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_blocking_call_runs_on_a_thread_of_its_own_and_its_result_is_awaited():
    def work(a, b):
        return a + b, threading.current_thread().name

    assert await in_parallel(work, 1, 2) == (3, "mediastreams-work")


async def test_what_a_blocking_call_raises_is_raised_where_it_is_awaited():
    def fail():
        raise OSError(16, "busy")

    with pytest.raises(OSError, match="busy") as failed:
        await in_parallel(fail)
    assert failed.value.errno == 16


async def test_calls_run_at_the_same_time():
    barrier = threading.Barrier(3)
    results = await asyncio.gather(*(in_parallel(barrier.wait, 5) for _ in range(3)))
    assert sorted(results) == [0, 1, 2]


async def test_the_result_of_a_call_that_nobody_waits_for_any_more_is_given_back():
    begun, go_on, given_back = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        go_on.wait(5)
        return "opened"

    task = asyncio.ensure_future(in_parallel(work, abandoned=given_back.append))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert given_back == []
    go_on.set()
    await wait_until(lambda: given_back == ["opened"])


async def test_a_cancellation_in_the_same_turn_as_the_result_gives_it_back():
    given_back, ready = [], threading.Event()

    def work():
        ready.set()
        return "opened"

    task = asyncio.ensure_future(in_parallel(work, abandoned=given_back.append))
    await asyncio.sleep(0)
    ready.wait(5)
    loop = asyncio.get_running_loop()
    while not any("settle" in repr(handle) for handle in loop._ready):
        threading.Event().wait(0.001)
    loop.call_soon(task.cancel)  # right after the result has come
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait_until(lambda: given_back == ["opened"])


async def test_an_error_of_a_call_that_nobody_waits_for_is_nobody_s_business():
    begun, go_on, given_back = threading.Event(), threading.Event(), []

    def fail():
        begun.set()
        go_on.wait(5)
        raise ZeroDivisionError

    task = asyncio.ensure_future(in_parallel(fail, abandoned=given_back.append))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await asyncio.sleep(0.02)
    assert given_back == []


def test_a_result_for_a_loop_that_was_closed_meanwhile_is_given_back():
    begun, go_on, given_back = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        go_on.wait(5)
        return "opened"

    async def main():
        pending = in_parallel(work, abandoned=given_back.append)
        pending.send(None)
        kept.append(pending)
        await asyncio.to_thread(begun.wait, 5)

    kept = []
    in_thread(lambda: asyncio.run(main()))
    go_on.set()
    for _ in range(3000):
        if given_back:
            break
        threading.Event().wait(0.001)
    assert given_back == ["opened"]
    kept.pop().close()


# ── the library's own loop, and rest ─────────────────────────────────────────────────────────────────


def test_the_library_s_loop_is_one_and_runs_on_a_daemon():
    loop = background_loop()
    assert background_loop() is loop
    assert loop.is_running()
    names = [thread for thread in threading.enumerate() if thread.name == "mediastreams-loop"]
    assert len(names) == 1
    assert names[0].daemon


async def test_settling_waits_for_tasks_that_make_tasks_on_both_loops():
    mine, theirs, found = Owner(), in_thread(Owner), []
    queue_task(theirs, lambda: (found.append("theirs"), queue_task(mine, found.append, "mine")))
    await settle()
    await settle()
    assert found == ["theirs", "mine"]


async def test_a_started_task_runs_though_nobody_holds_it_and_reports_what_it_raises():
    loop, reported, waits = asyncio.get_running_loop(), [], []
    loop.set_exception_handler(lambda _, context: reported.append((context["message"], context["exception"])))
    error = ValueError("no")

    async def work():
        waiting = loop.create_future()
        waits.append(weakref.ref(waiting))  # only the task holds it, and only it holds the task
        await waiting
        raise error

    start_task(work(), "The work")
    await wait_until(lambda: waits)
    gc.collect()
    waits[0]().set_result(None)
    await wait_until(lambda: reported)
    assert reported == [("The work raised ValueError", error)]


def test_a_snapshot_is_taken_again_when_the_set_changes_meanwhile():
    class Changing(weakref.WeakSet):
        changes = 2

        def __iter__(self):
            if self.changes:
                self.changes -= 1
                raise RuntimeError("Set changed size during iteration")
            return super().__iter__()

    one = threading.Event()
    assert snapshot(Changing([one])) == [one]


async def test_loops_are_woken_once_at_the_end_of_a_block_that_holds_them():
    loop = asyncio.get_running_loop()
    wakeups, future = Wakeups(loop), loop.create_future()
    woken, found = [], []

    def produce():
        with together:
            with together:
                for number in range(8):
                    wakeups.add(lambda number=number: woken.append(number))
                    time.sleep(0.001)  # the loop may run
            found.append(len(woken))
            wakeups.resolve(future)

    await asyncio.to_thread(produce)
    await future
    await asyncio.sleep(0)
    assert found == [0]
    assert woken == list(range(8))


async def test_no_wake_up_of_another_thread_is_lost_when_a_block_ends():
    loop = asyncio.get_running_loop()
    wakeups, others = Wakeups(loop), Wakeups(loop)
    over = threading.Event()

    def hold():
        while not over.is_set():
            with together:
                others.add(int)

    holding = [asyncio.create_task(asyncio.to_thread(hold)) for _ in range(2)]
    try:
        for _ in range(300):
            future = loop.create_future()
            async with asyncio.timeout(5):
                await asyncio.to_thread(wakeups.resolve, future)
                await future
    finally:
        over.set()
        await asyncio.gather(*holding)
