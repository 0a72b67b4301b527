"""Tasks: how work reaches an event loop, and how blocking work leaves it.

Not for: threads that live longer than one call (``_engine/worker.py``).

Rules of the file: every crossing from a thread to a loop is here. *Queue a task* is `queue_task`: first in,
first out per loop, one task an iteration, so that whoever awaits the event of one task runs before the
next task, as a microtask does in a page. `Wakeups` is for frames: any number of them cost one crossing.
*In parallel* is `in_parallel`, and `start_task` where nobody waits. An `Owner` is the loop that an object belongs to.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar, TypeVarTuple

__all__ = [
    "Mailbox",
    "Owner",
    "Wakeups",
    "after_queued_tasks",
    "background_loop",
    "in_parallel",
    "mailbox_of",
    "queue_task",
    "report",
    "settle",
    "snapshot",
    "start_task",
    "together",
    "wakeups_of",
]

_logger = logging.getLogger(__name__)
_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_PATIENCE_SECONDS = 1.0  # between two looks at a loop that stands still
_MANY = 1000  # wake-ups of one loop that wait; every waiter makes one
_lock = threading.RLock()  # reentrant: the collector may run somebody's finaliser in here
_mailboxes: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox] = weakref.WeakKeyDictionary()
_wakeups: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Wakeups] = weakref.WeakKeyDictionary()
_background: asyncio.AbstractEventLoop | None = None
_started: Final[set[asyncio.Task[object]]] = set()  # asyncio holds tasks weakly; nobody else holds these


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def report(loop: asyncio.AbstractEventLoop, error: BaseException, what: str) -> None:
    """Hand an exception of a callback to the loop's exception handler."""
    loop.call_exception_handler({"message": f"{what} raised {type(error).__name__}", "exception": error})


class Mailbox:
    """The tasks waiting for one loop. Any thread posts; the loop runs one an iteration."""

    __slots__ = ("__weakref__", "_loop", "_queue", "_scheduled")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Weak: the dictionary that holds this mailbox has the loop as its weak key.
        self._loop = weakref.ref(loop)
        self._queue: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._scheduled = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop, or ``None`` when it is closed or gone."""
        loop = self._loop()
        return None if loop is None or loop.is_closed() else loop

    @property
    def idle(self) -> bool:
        return not self._queue

    def post(self, call: Callable[..., object], *args: Any) -> bool:
        """Queue a task. False when the loop is closed: the task was not taken."""
        loop = self.loop
        if loop is None:
            return False
        self._queue.append((call, args))
        return self._schedule(loop)

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> bool:
        if self._scheduled:
            return True
        self._scheduled = True  # two threads may both come here: a second run of an empty queue does nothing
        try:
            loop.call_soon_threadsafe(self._run_one)
        except RuntimeError:  # closed between the look and the call
            self._queue.clear()
            self._scheduled = False
            return False
        return True

    def _run_one(self) -> None:
        try:
            call, args = self._queue.popleft()
        except IndexError:
            self._scheduled = False
            loop = self._loop()
            if self._queue and loop is not None and not loop.is_closed():  # posted between the two lines above
                self._schedule(loop)
            return
        loop = self._loop()
        try:
            call(*args)
        except Exception as error:  # noqa: BLE001 - the border: a callback that raises breaks nothing
            if loop is not None:
                report(loop, error, "A queued task")
        finally:
            self._scheduled = False
            if self._queue and loop is not None and not loop.is_closed():
                self._scheduled = True
                loop.call_soon(self._run_one)  # after the wake-ups that this task made


class Wakeups:
    """Coalesced wake-ups of one loop: `add` from any thread; all that came run in one crossing.

    A call must be quick, and may be one that has become pointless.
    """

    __slots__ = ("__weakref__", "_calls", "_futures", "_loop", "_scheduled")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._calls: deque[Callable[[], object]] = deque()
        self._futures: deque[asyncio.Future[None]] = deque()
        self._scheduled = False

    @property
    def idle(self) -> bool:
        return not (self._calls or self._futures)

    def add(self, call: Callable[[], object]) -> None:
        """Run ``call`` soon on the loop; dropped silently when the loop is closed."""
        self._calls.append(call)
        self._schedule()

    def resolve(self, future: asyncio.Future[None]) -> None:
        """Set the result of the loop's ``future`` soon, unless it has one by then; for what comes with each frame."""
        self._futures.append(future)
        if not self._scheduled or len(self._futures) > _MANY:
            self._schedule()

    def _schedule(self) -> None:
        if self._scheduled:
            if len(self._calls) + len(self._futures) > _MANY:  # was the loop closed before it came to them?
                loop = self._loop()
                if loop is None or loop.is_closed():
                    self._forget()
            return
        self._scheduled = True
        if _holds:
            _held.append(self)
            if _holds:  # else whoever let go last may have looked before this was there
                return
            _let_go()
        else:
            self.cross()

    def cross(self) -> None:
        """Have the loop run what is there."""
        loop = self._loop()
        try:
            if loop is None:
                raise RuntimeError
            loop.call_soon_threadsafe(self._run)
        except RuntimeError:
            self._forget()
            self._scheduled = False

    def _forget(self) -> None:
        self._calls.clear()
        self._futures.clear()

    def _run(self) -> None:
        self._scheduled = False
        futures, calls = self._futures, self._calls
        while futures:
            try:
                future = futures.popleft()
            except IndexError:  # emptied by another thread: the loop is being closed
                break
            if not future.done():
                future.set_result(None)
        while calls:
            try:
                calls.popleft()()
            except IndexError:
                return
            except Exception as error:  # noqa: BLE001 - the border
                loop = self._loop()
                if loop is not None:
                    report(loop, error, "A wake-up")


_holds: Final[deque[None]] = deque()  # one for each block of `together` that is being run
_held: Final[deque[Wakeups]] = deque()


class _Together:
    """Lets loops be woken only at the end of a block: ``with together:``. Any thread; the block must be quick.

    FAST-PATH: the first wake-up would hand the interpreter over to the loop, which would find one consumer's frame and
    have to be woken again for the others'.
    """

    def __enter__(self) -> None:
        _holds.append(None)

    def __exit__(self, *_: object) -> None:
        _holds.pop()
        if not _holds:
            _let_go()


together: Final = _Together()


def _let_go() -> None:
    while _held:
        with contextlib.suppress(IndexError):  # another thread was faster
            _held.popleft().cross()


def mailbox_of(loop: asyncio.AbstractEventLoop) -> Mailbox:
    """The one mailbox of a loop."""
    box = _mailboxes.get(loop)
    if box is None:
        with _lock:
            box = _mailboxes.setdefault(loop, Mailbox(loop))
    return box


def wakeups_of(loop: asyncio.AbstractEventLoop) -> Wakeups:
    """The one set of wake-ups of a loop."""
    found = _wakeups.get(loop)
    if found is None:
        with _lock:
            found = _wakeups.setdefault(loop, Wakeups(loop))
    return found


class Owner:
    """The loop an object belongs to: the one running at construction, else at the first `bind`, else ours.

    An owner whose loop was closed is bound anew by the next `bind` on a running loop, so that objects
    that belong to the process serve successive ``asyncio.run`` calls.
    """

    __slots__ = ("_box",)

    def __init__(self) -> None:
        loop = _running_loop()
        self._box: Mailbox | None = None if loop is None else mailbox_of(loop)

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop, or ``None`` while unbound or after it was closed."""
        return None if self._box is None else self._box.loop

    @property
    def here(self) -> bool:
        """Whether the calling code runs on the owner loop."""
        loop = self.loop
        return loop is not None and loop is _running_loop()

    def bind(self) -> None:
        """Bind to the running loop, if there is one and none is bound."""
        if self.loop is None:
            loop = _running_loop()
            if loop is not None:
                self._box = mailbox_of(loop)

    def post(self, call: Callable[..., object], *args: Any) -> None:
        """Queue a task on the owner loop, from any thread; on the background loop when there is none."""
        if self._box is not None and self._box.post(call, *args):
            return
        box = mailbox_of(background_loop())
        if self._box is None:
            self._box = box
        box.post(call, *args)

    def check(self, what: str) -> None:
        """Bind; then raise if another loop or thread than the owner's is calling.

        Raises:
            RuntimeError: the object belongs to a loop that runs elsewhere.
        """
        self.bind()
        loop = self.loop
        if loop is not None and loop.is_running() and loop is not _running_loop():
            raise RuntimeError(
                f"{what} was called outside the event loop that owns the object; "
                "use loop.call_soon_threadsafe(...) to get there (stop(), enabled and getters work from any thread)"
            )


def queue_task(owner: Owner, call: Callable[..., object], *args: Any) -> None:
    """*Queue a task*: run ``call(*args)`` in a later iteration of the owner's loop, in order.

    https://html.spec.whatwg.org/multipage/webappapis.html#queue-a-task
    """
    owner.post(call, *args)


def start_task(coroutine: Coroutine[Any, Any, object], what: str) -> None:
    """Run a coroutine on the running loop that nobody awaits; what it raises goes to the loop's exception handler."""
    task = asyncio.get_running_loop().create_task(coroutine, name=what)
    _started.add(task)
    task.add_done_callback(_finished)


def _finished(task: asyncio.Task[object]) -> None:
    _started.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        report(task.get_loop(), error, task.get_name())


async def in_parallel(
    call: Callable[[*_Ts], _T],
    *args: *_Ts,
    abandoned: Callable[[_T], object] | None = None,
) -> _T:
    """*In parallel*: run a blocking call on a thread of its own and await its result.

    When the waiting task is cancelled, or its loop closed, the call goes on to its end; its result then goes to
    ``abandoned`` (on a thread), which closes what was opened.

    https://html.spec.whatwg.org/multipage/infrastructure.html#in-parallel
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()
    hand_over = _HandOver(loop)

    def abandon(result: _T) -> None:
        hand_over.taken.set()
        if abandoned is not None:
            threading.Thread(target=abandoned, args=(result,), name="mediastreams-abandoned", daemon=True).start()

    def settle_future(result: _T | None, error: BaseException | None) -> None:
        if future.cancelled():
            if error is None:
                abandon(result)  # type: ignore[arg-type]  # an error is None exactly when there is a result
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # as above

    def work() -> None:
        result: _T | None = None
        error: BaseException | None = None
        try:
            result = call(*args)
        except BaseException as raised:  # noqa: BLE001 - it is raised again where the result is awaited
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            loop.call_soon_threadsafe(settle_future, result, error)
        if error is None and abandoned is not None and not hand_over.wait():
            abandoned(result)  # type: ignore[arg-type]  # as above

    threading.Thread(target=work, name=f"mediastreams-{getattr(call, '__name__', 'call')}", daemon=True).start()
    try:
        result = await future
    except asyncio.CancelledError:
        # The result may have come in the same iteration as the cancellation, which then wins.
        if future.done() and not future.cancelled() and future.exception() is None:
            abandon(future.result())
        raise
    except GeneratorExit:
        hand_over.dropped = True
        raise
    hand_over.taken.set()
    return result


class _HandOver:
    """Whether a result has reached the coroutine that waits for it.

    A result can be lost on the way: queued for a loop that is closed before it runs again.
    """

    __slots__ = ("_loop", "dropped", "taken")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.taken = threading.Event()
        self.dropped = False  # set by a finaliser, which takes no lock and so can wake nobody

    def wait(self) -> bool:
        """Block the thread that made the result until that is taken; False when nobody ever will."""
        patience = 0.02
        while not self.taken.wait(patience):
            if self.dropped or self._loop.is_closed():
                return self.taken.is_set()
            patience = min(2 * patience, _PATIENCE_SECONDS)
        return True


def snapshot(members: weakref.WeakSet[_T]) -> list[_T]:
    """List the members of a weak set that other threads add to."""
    while True:
        try:
            return list(members)
        except RuntimeError:  # one was added at this moment
            continue


def background_loop() -> asyncio.AbstractEventLoop:
    """The library's own loop, for programs that run none: a daemon thread, started at the first need."""
    global _background  # noqa: PLW0603 - one loop for the process is the purpose
    with _lock:
        if _background is None or _background.is_closed():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="mediastreams-loop", daemon=True).start()
            _background = loop
        return _background


async def after_queued_tasks() -> None:
    """Wait until the tasks that are queued on the running loop now have run: who is told of an end finds it done."""
    loop = asyncio.get_running_loop()
    passed: asyncio.Future[None] = loop.create_future()
    mailbox_of(loop).post(_pass, passed)
    await passed


def _pass(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def settle(rounds: int = 3) -> None:
    """Wait until the tasks and wake-ups of this loop, and of ours in the background, are all done.

    For the manual clock. ``rounds`` is how many iterations must pass with nothing waiting: a task may
    wake a coroutine that posts another.
    """
    await _settle_here(rounds)
    other = _background
    if other is not None and not other.is_closed() and other is not asyncio.get_running_loop():
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_settle_here(rounds), other))
        await _settle_here(rounds)


async def _settle_here(rounds: int) -> None:
    loop = asyncio.get_running_loop()
    quiet = 0
    while quiet < rounds:
        await asyncio.sleep(0)
        quiet = quiet + 1 if _idle(loop) else 0


def _idle(loop: asyncio.AbstractEventLoop) -> bool:
    return mailbox_of(loop).idle and wakeups_of(loop).idle


def _forget_after_fork() -> None:
    """In a forked child no thread runs the background loop and the lock may be held: begin anew."""
    global _background, _lock  # noqa: PLW0603
    _lock = threading.RLock()
    _background = None
    with contextlib.suppress(Exception):
        _mailboxes.clear()
        _wakeups.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
