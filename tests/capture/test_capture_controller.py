"""``CaptureController``: who gets the focus when a window is captured."""

import asyncio

import pytest

import mediastreams as ms
from mediastreams.testing import FakeBackend, FakeScreen, FakeWindow, set_permission

BEHAVIOURS = [*ms.CaptureStartFocusBehavior]
WINDOW = {"display_surface": "window"}


@pytest.fixture
def desktop():
    windows = (FakeWindow(title="Letter", width=640, height=480), FakeWindow(title="Table", width=320, height=240))
    return FakeBackend([FakeScreen(label="Screen", width=1280, height=720, windows=windows)])


@pytest.fixture
def displays(desktop):
    return ms.MediaDevices(backends=[desktop])


@pytest.fixture
async def capture(displays):
    streams = []

    async def open_(controller, **options):
        streams.append(await displays.get_display_media({"video": WINDOW, **options}, controller=controller))
        return streams[-1]

    yield open_
    for stream in streams:
        stream.video.stop()


async def _until(condition):
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
async def test_it_may_be_decided_before_the_capture_or_at_once_when_it_has_begun(capture, behaviour):
    early = ms.CaptureController()
    early.set_focus_behavior(behaviour)
    await capture(early)
    late = ms.CaptureController()
    await capture(late)
    late.set_focus_behavior(str(behaviour))


async def test_it_may_be_decided_by_who_awaits_a_task_of_the_capture(capture):
    controller = ms.CaptureController()
    await asyncio.create_task(capture(controller))
    controller.set_focus_behavior("no-focus-change")


async def test_it_may_be_decided_by_who_reacts_to_who_awaits(capture):
    controller = ms.CaptureController()
    capturing = asyncio.create_task(capture(controller))
    decided = asyncio.get_running_loop().create_future()
    decided.add_done_callback(lambda _: controller.set_focus_behavior("no-focus-change"))
    capturing.add_done_callback(lambda _: decided.set_result(None))
    await decided
    assert repr(controller).endswith("no-focus-change>")


async def test_whose_turn_comes_after_a_timer_is_too_late(capture):
    controller = ms.CaptureController()
    capturing = asyncio.create_task(capture(controller))
    late = asyncio.get_running_loop().create_future()
    capturing.add_done_callback(lambda _: asyncio.get_running_loop().call_later(0, late.set_result, None))
    await late
    with pytest.raises(ms.InvalidStateError, match="decided"):
        controller.set_focus_behavior("no-focus-change")


async def test_it_is_decided_once(capture):
    controller = ms.CaptureController()
    await capture(controller)
    controller.set_focus_behavior("no-focus-change")
    with pytest.raises(ms.InvalidStateError, match="decided"):
        controller.set_focus_behavior("no-focus-change")


async def test_soon_after_the_capture_began_it_is_too_late(capture):
    controller = ms.CaptureController()
    await capture(controller)
    await asyncio.sleep(0.001)
    with pytest.raises(ms.InvalidStateError, match="decided"):
        controller.set_focus_behavior("no-focus-change")


async def test_a_captured_window_comes_to_the_front_only_if_that_is_wanted(capture, desktop):
    quiet = ms.CaptureController()
    await capture(quiet)
    await asyncio.sleep(0.001)
    assert not desktop.device("Letter").focused
    controller = ms.CaptureController()
    controller.set_focus_behavior("focus-captured-surface")
    stream = await capture(controller)
    await _until(lambda: desktop.device(stream.video.label).focused)
    assert not desktop.device("Table").focused


async def test_a_system_that_moves_no_windows_is_told_of_and_the_capture_goes_on(capture, desktop, monkeypatch, caplog):
    for error, said in ((ms.NotSupportedError("not here"), "not here"), (OSError("broken"), "could not be brought")):

        def focus(_device, error=error):
            raise error

        monkeypatch.setattr(desktop, "focus", focus)
        controller = ms.CaptureController()
        controller.set_focus_behavior("focus-captured-surface")
        stream = await capture(controller)
        await _until(lambda said=said: said in caplog.text)
        assert stream.active


async def test_a_screen_gets_no_focus(capture):
    controller = ms.CaptureController()
    await capture(controller, video={"display_surface": "monitor"})
    with pytest.raises(ms.InvalidStateError, match="only a window"):
        controller.set_focus_behavior("no-focus-change")


async def test_after_the_capture_has_ended_nothing_can_be_decided(capture):
    controller = ms.CaptureController()
    (await capture(controller)).video.stop()
    with pytest.raises(ms.InvalidStateError, match="ended"):
        controller.set_focus_behavior("no-focus-change")


async def test_after_the_capture_has_failed_nothing_can_be_decided(displays):
    for failing, error in (({"video": {"width": {"max": 0}}}, ms.OverconstrainedError), ({}, ms.NotAllowedError)):
        if not failing:
            set_permission("display-capture", "denied")
        controller = ms.CaptureController()
        with pytest.raises(error):
            await displays.get_display_media(failing, controller=controller)
        with pytest.raises(ms.InvalidStateError, match="failed"):
            controller.set_focus_behavior("no-focus-change")


async def test_a_controller_serves_one_capture(capture, displays):
    controller = ms.CaptureController()
    stream = await capture(controller)
    second = displays.get_display_media(controller=controller)
    with pytest.raises(ms.InvalidStateError, match="another capture"):
        second.send(None)  # in the first step, before anything is awaited
    assert stream.active


def test_what_is_no_behaviour_is_a_type_error():
    for wrong in ("invalid", None, {}, True):
        with pytest.raises(TypeError, match="focus_behavior"):
            ms.CaptureController().set_focus_behavior(wrong)


async def test_what_is_no_controller_is_a_type_error(displays):
    for wrong in ("invalid", {}, True):
        with pytest.raises(TypeError, match="controller"):
            await displays.get_display_media(controller=wrong)


async def test_a_page_of_a_browser_is_looked_for_among_the_windows(displays):
    async with displays.get_display_media(video={"display_surface": "browser"}) as stream:
        assert stream.video.get_settings().display_surface == "window"


def test_events_of_the_program_can_be_sent_through_it():
    controller = ms.CaptureController()
    heard = []
    controller.add_event_listener("news", heard.append)
    event = ms.Event("news")
    controller.dispatch_event(event)
    assert heard == [event]


async def test_it_says_what_it_captures_and_what_is_decided(capture):
    controller = ms.CaptureController()
    assert repr(controller) == "<CaptureController undecided>"
    stream = await capture(controller)
    controller.set_focus_behavior("no-focus-change")
    assert repr(controller) == f"<CaptureController of {stream.video.label!r} no-focus-change>"
