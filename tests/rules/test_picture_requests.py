"""When a key frame is asked for."""

from mediastreams._rules.picture_requests import PictureRequests

__all__ = []

MS = 1000


def asked(requests, until, *, since=0):
    return [now for now in range(since, until) if requests.ask(now * MS)]


def test_nothing_is_asked_for_while_nothing_is_wanted():
    requests = PictureRequests()
    assert requests.next_at() is None
    assert not requests.ask(10)


def test_many_reasons_are_one_request():
    requests = PictureRequests()
    requests.want()
    assert requests.next_at() == 0
    assert requests.ask(5)
    for _ in range(10):
        requests.want()
    assert not requests.ask(100 * MS)


def test_requests_are_repeated_ever_more_slowly_while_none_comes():
    requests = PictureRequests()
    requests.want()
    assert asked(requests, 10_000) == [0, 300, 900, 2100, 4500, 7500]


def test_a_key_frame_ends_it_and_the_next_loss_is_told_soon_but_not_too_soon():
    requests = PictureRequests()
    requests.want()
    asked(requests, 1000)
    requests.came()
    assert not requests.ask(1000 * MS)
    requests.want()
    assert asked(requests, 2000, since=1001) == [1200, 1800]
