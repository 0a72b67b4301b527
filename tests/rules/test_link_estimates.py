"""What a link takes: the viewer's own estimate first, else the loss."""

from mediastreams._rules.link_estimates import LinkEstimate


def test_nothing_is_known_at_first():
    assert LinkEstimate().value(0) is None
    assert LinkEstimate().hear_loss(0.05, 500_000).value(0) is None
    assert LinkEstimate().hear_loss(0.0, 500_000).value(0) is None


def test_the_viewers_own_estimate_counts_while_it_is_fresh():
    state = LinkEstimate().hear_loss(0.5, 1_000_000).hear_estimate(800_000, 1_000_000)
    assert state.value(2_000_000) == 800_000
    assert state.value(12_000_000) == 750_000


def test_an_estimate_has_a_floor():
    assert LinkEstimate().hear_estimate(0, 0).value(0) == 30_000


def test_much_loss_lowers_little_holds_none_raises_and_ends_it():
    state = LinkEstimate().hear_loss(0.4, 1_000_000)
    assert state.value(0) == 800_000
    assert state.hear_loss(0.05, 1_000_000) is state
    raised = state.hear_loss(0.0, 800_000)
    assert raised.value(0) == 864_000
    for _ in range(20):
        raised = raised.hear_loss(0.0, 800_000)
    assert raised.value(0) is None
