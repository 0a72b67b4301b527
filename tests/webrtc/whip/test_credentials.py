"""Bearer tokens, and whose pages may ask."""

import statistics
import time

import pytest

from mediastreams.webrtc.whip.credentials import Credentials, check_token, is_loopback, may_ask


class Now:
    value = 100.0

    def __call__(self):
        return self.value


@pytest.mark.parametrize("header", ["Bearer right", "bearer right", "  Bearer   right "])
def test_the_token_opens(header):
    assert Credentials("right", Now()).check(header, "a")


@pytest.mark.parametrize(
    "header", [None, "", "right", "Basic right", "Bearer", "Bearer wrong", "Bearer right right", "Bearer \udcff"]
)
def test_anything_else_does_not(header):
    assert not Credentials("right", Now()).check(header, "a")


def test_without_a_token_everything_opens():
    credentials = Credentials(None, Now())
    assert credentials.check(None, "a")
    assert not credentials.needed


def test_who_guesses_waits_and_others_do_not():
    now = Now()
    credentials = Credentials("right", now)
    for _ in range(10):
        assert not credentials.blocked("a")
        credentials.check("Bearer wrong", "a")
    assert credentials.blocked("a")
    assert not credentials.blocked("b")
    now.value += 31
    assert not credentials.blocked("a")
    assert credentials.check("Bearer right", "a")


def test_who_comes_without_a_token_guesses_nothing():
    credentials = Credentials("right", Now())
    for _ in range(100):
        credentials.check(None, "a")
    assert not credentials.blocked("a")


def test_what_is_remembered_of_guesses_is_bounded():
    credentials = Credentials("right", Now())
    for number in range(5000):
        credentials.check("Bearer wrong", str(number))
    assert len(credentials._failures) == 1000


def test_the_time_tells_nothing_of_the_token():
    credentials = Credentials("a" * 64, Now())

    def seconds(token):
        rounds = []
        for _ in range(31):
            began = time.perf_counter()
            for _ in range(50):
                credentials.check(f"Bearer {token}", "a")
            rounds.append(time.perf_counter() - began)
        return statistics.median(rounds)

    none_right, all_but_one = seconds("b" * 64), seconds("a" * 63 + "b")
    assert 0.5 < none_right / all_but_one < 2


@pytest.mark.parametrize(
    ("token", "error"), [("", ValueError), ("a b", ValueError), ("ä", ValueError), ("a\n", ValueError), (5, TypeError)]
)
def test_a_token_must_fit_into_a_header(token, error):
    with pytest.raises(error, match="token"):
        check_token(token, "token")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True), ("LOCALHOST", True),
     ("0.0.0.0", False), ("10.0.0.1", False), ("::", False), ("example.org", False), ("localhost.example.org", False)],
)  # fmt: skip
def test_which_hosts_are_this_machine(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("127.0.0.1:80", None, True),
        ("127.0.0.1:80", "http://127.0.0.1:80", True),
        ("localhost:80", "http://localhost:80", True),
        ("[::1]:80", "http://[::1]:80", True),
        ("192.168.1.2:80", "http://192.168.1.2:80", True),
        ("known.example:80", "http://known.example:80", True),
        ("127.0.0.1:80", "http://evil.example", False),
        ("127.0.0.1:80", "http://127.0.0.1:81", False),
        ("127.0.0.1:80", "https://127.0.0.1:80", False),
        ("127.0.0.1:80", "null", False),
        ("evil.example:80", "http://evil.example:80", False),  # a name that was made to point here
        ("", None, False),
        (None, None, False),
        ("[::1", None, False),
    ],
)
def test_without_a_token_only_our_own_pages_may_ask(host, origin, allowed):
    assert may_ask(host, origin, "http", ["known.example"], token=False) is allowed
    assert may_ask(host, origin, "http", [], token=True)
