import pytest

from mediastreams._rules.css_colours import parse_colour, serialised


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("black", (0, 0, 0, 255)),
        ("RebeccaPurple", (102, 51, 153, 255)),
        (" green ", (0, 128, 0, 255)),
        ("transparent", (0, 0, 0, 0)),
        ("#f80", (255, 136, 0, 255)),
        ("#F808", (255, 136, 0, 136)),
        ("#012345", (1, 35, 69, 255)),
        ("#01234567", (1, 35, 69, 103)),
        ("rgb(1, 2, 3)", (1, 2, 3, 255)),
        ("rgb(1,2,3,.5)", (1, 2, 3, 128)),
        ("RGBA( 1 , 2 , 3 , 50% )", (1, 2, 3, 128)),
        ("rgb(1 2 3 / 0.2)", (1, 2, 3, 51)),
        ("rgb(100% 50% 0%)", (255, 128, 0, 255)),
        ("rgb(-5, 300, 1e2)", (0, 255, 100, 255)),
        ("rgba(0,0,0,7)", (0, 0, 0, 255)),
        ("hsl(0, 100%, 50%)", (255, 0, 0, 255)),
        ("hsl(120deg 100% 25%)", (0, 128, 0, 255)),
        ("hsla(-120, 100%, 50%, 0.5)", (0, 0, 255, 128)),
        ("hsl(0 200% 50%)", (255, 0, 0, 255)),
    ],
)
def test_every_spelling_of_a_colour_is_read(text, colour):
    assert parse_colour(text) == colour


@pytest.mark.parametrize(
    "text",
    [
        *("", "#12", "#12345", "#ggg", "rgb()", "rgb(1,2)", "rgb(1 2,3)", "rgb(1%,2,3)", "rgb(1deg,2,3)"),
        *("hsl(1,2,3)", "hsl(1%,2%,3%)", "rgb(1,2,3", "currentcolour", "url(x)", "rgb(1,2,3/4)", "rgb(a,b,c)"),
    ],
)
def test_what_is_no_colour_is_refused(text):
    with pytest.raises(ValueError, match="no CSS colour"):
        parse_colour(text)


def test_a_colour_that_is_nearly_one_is_guessed():
    with pytest.raises(ValueError, match="did you mean 'cornflowerblue'"):
        parse_colour("cornflourblue")


@pytest.mark.parametrize(
    ("colour", "text"),
    [
        ((1, 35, 69, 255), "#012345"),
        ((0, 0, 0, 0), "rgba(0, 0, 0, 0)"),
        ((1, 2, 3, 51), "rgba(1, 2, 3, 0.2)"),
        ((1, 2, 3, 128), "rgba(1, 2, 3, 0.5)"),
        ((1, 2, 3, 254), "rgba(1, 2, 3, 0.996)"),
    ],
)
def test_a_colour_is_written_as_canvases_do(colour, text):
    assert serialised(colour) == text
    assert parse_colour(text) == colour
