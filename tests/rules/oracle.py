"""A brute-force SelectSettings over small devices, and random devices and constraints for it.

Written from the standard's text on raw mappings; shares no code with the rules. It lists every size, and of
what is continuous every number that a constraint mentions besides the ends: a distance has its least there.
Sizes, rates and the rest are independent, so their lists are combined by sums, not by a product.
"""

import itertools
import math

from mediastreams._rules.values import AudioMode, DeviceModel, Range, VideoMode

__all__ = ["Answer", "answer", "check", "random_case"]

EQUAL = 5e-5  # what the rules call equal, see EQUAL_WITHIN; plus what their search leaves unsaid
LEFT = 2e-5
VIDEO = ("width", "height", "aspect_ratio", "frame_rate", "resize_mode")
AUDIO = ("sample_rate", "sample_size", "latency", "channel_count")
ONLY = {
    "video": {*VIDEO, "facing_mode", "zoom", "pan", "torch", "background_blur", "device_id", "group_id"},
    "audio": {*AUDIO, "echo_cancellation", "voice_isolation", "device_id", "group_id"},
}
NUMBERS = {*VIDEO[:4], *AUDIO, "zoom", "pan"}


class Answer:
    """What the brute force found: per device and per region the least distance of what survives."""

    def __init__(self, kept, regions):
        self.kept = kept
        self.regions = regions
        self.least = min(regions.values(), default=math.inf)


# --- the distance, from the text ---


def members(value, bare):
    if isinstance(value, dict):
        return {name: v for name, v in value.items() if v is not None and v != []}
    return {} if value == [] else {bare: value}


def any_of(actual, wanted):
    return actual in wanted if isinstance(wanted, (list, tuple)) else actual == wanted


def far(name, value, actual, bare):
    """One constraint's distance; ``actual`` is None for what does not exist."""
    m = members(value, bare)
    if name == "aspect_ratio":
        m = {key: round(v, 10) for key, v in m.items()}
    wish = m.get("exact", m.get("ideal"))
    presence = wish if name in ("zoom", "pan") and isinstance(wish, bool) else None
    if {"exact", "min", "max"} & m.keys():
        if presence is not None:
            if (actual is not None) != presence:
                return math.inf
        elif actual is None:
            return math.inf
        else:
            if "exact" in m and not any_of(actual, m["exact"]):
                return math.inf
            if "min" in m and actual < m["min"]:
                return math.inf
            if "max" in m and actual > m["max"]:
                return math.inf
    if presence is not None:
        return 0 if (actual is not None) == presence else 1
    if actual is None:
        return 1 if m else 0
    if "ideal" not in m:
        return 0
    if name in NUMBERS:
        return 0 if actual == m["ideal"] else abs(actual - m["ideal"]) / max(abs(actual), abs(m["ideal"]))
    return 0 if any_of(actual, m["ideal"]) else 1


def total(settings, constraints, bare, names=None):
    result = 0
    for name, value in constraints.items():
        if name != "advanced" and (names is None or name in names):
            result += far(name, value, settings.get(name), bare)
    return result


# --- every settings dictionary, in independent parts ---


def mentioned(constraints, name):
    for entry in (constraints, *constraints.get("advanced", ())):
        if name in entry:
            value = entry[name]
            for number in value.values() if isinstance(value, dict) else (value,):
                if isinstance(number, (int, float)) and not isinstance(number, bool):
                    yield number


def between(low, high, constraints, name, *, whole=False):
    points = {low, high}
    for number in mentioned(constraints, name):
        candidates = (math.floor(number), math.ceil(number)) if whole else (number,)
        points.update(n for n in candidates if low <= n <= high)
    return [{name: n} for n in sorted(points)]


def line(width, height):
    longest = max(width, height)
    for side in range(1, longest + 1):
        yield max(1, round(side * width / longest)), max(1, round(side * height / longest))


def sized(sizes, ratio=None):
    return [{"width": w, "height": h, "aspect_ratio": ratio or round(w / h, 10)} for w, h in sizes]


def parts_of(device, index, constraints):
    """Yield (region, lists of partial settings): one settings dictionary is one of each list, merged."""
    fixed = []
    choices = {**device.choices}
    if device.device_id:
        choices["device_id"] = (device.device_id,)
        for name in (
            ("echo_cancellation", "auto_gain_control", "noise_suppression")
            if device.kind == "audio"
            else ("background_blur",)
            if "display_surface" not in choices
            else ()
        ):
            choices.setdefault(name, (False,))
    if device.group_id:
        choices["group_id"] = (device.group_id,)
    fixed += [[{name: v} for v in values] for name, values in choices.items()]
    for name, r in device.ranges.items():
        steps = round((r.max - r.min) / r.step) if r.step else 0
        stepped = [{name: r.min + n * r.step} for n in range(steps + 1)] if steps else None
        fixed.append(stepped or between(r.min, r.max, constraints, name))
    if not device.modes:
        yield (index, "native"), fixed
    for mode in device.modes:
        if device.kind == "video":
            yield (
                (index, "native"),
                [
                    *fixed,
                    [{"resize_mode": "none"}],
                    sized([(mode.width, mode.height)]),
                    between(mode.min_frame_rate, mode.max_frame_rate, constraints, "frame_rate"),
                ],
            )
            if device.adaptable:
                if "display_surface" in device.choices:
                    sizes = sized(line(mode.width, mode.height), round(mode.width / mode.height, 10))
                else:
                    sizes = sized(itertools.product(range(1, mode.width + 1), range(1, mode.height + 1)))
                yield (
                    (index, "scaled"),
                    [
                        *fixed,
                        [{"resize_mode": "crop-and-scale"}],
                        sizes,
                        between(0.001, mode.max_frame_rate, constraints, "frame_rate"),
                    ],
                )
        else:
            rate, channels = mode.sample_rate, mode.channel_count
            same = [
                [{"sample_size": mode.sample_size}],
                between(mode.min_latency, mode.max_latency, constraints, "latency"),
            ]
            yield (index, "native"), [*fixed, *same, [{"sample_rate": rate}], [{"channel_count": channels}]]
            if device.adaptable:
                yield (
                    (index, "scaled"),
                    [
                        *fixed,
                        *same,
                        between(min(8000, rate), max(192000, rate), constraints, "sample_rate", whole=True),
                        [{"channel_count": n} for n in range(1, channels + 1)],
                    ],
                )


def of_kind(kind, constraints):
    kept = {name: value for name, value in constraints.items() if name in ONLY[kind]}
    if "advanced" in constraints:
        kept["advanced"] = [of_kind(kind, entry) for entry in constraints["advanced"]]
    return kept


def answer(kind, devices, constraints):
    """Run the algorithm as it is written: candidates, advanced sets in order, least distance."""
    constraints = of_kind(kind, constraints)
    candidates = []
    for index, device in enumerate(devices):
        for region, lists in parts_of(device, index, constraints):
            here = set().union(*(entry[0].keys() for entry in lists))
            absent = total({}, constraints, "ideal", ONLY[kind] - here)
            fitting = [[p for p in entry if total(p, constraints, "ideal", p) < math.inf] for entry in lists]
            if absent < math.inf and all(fitting):
                candidates.append((region, fitting, here))
    if not candidates:
        return Answer([], {})
    kept = []
    for entry in constraints.get("advanced", ()):
        left = []
        for region, lists, here in candidates:
            if total({}, entry, "exact", ONLY[kind] - here) == math.inf:
                continue
            fitting = [[p for p in parts if total(p, entry, "exact", p) < math.inf] for parts in lists]
            if all(fitting):
                left.append((region, fitting, here))
        if left:
            candidates = left
            kept.append(entry)
    regions = {}
    for region, lists, here in candidates:
        distance = total({}, constraints, "ideal", ONLY[kind] - here)
        distance += sum(min(total(p, constraints, "ideal", p) for p in parts) for parts in lists)
        regions[region] = min(distance, regions.get(region, math.inf))
    return Answer(kept, regions)


def offered(device, settings):
    """Whether the device's modes can give these settings at all."""
    for mode in device.modes:
        if device.kind == "video":
            w, h, rate = settings["width"], settings["height"], settings["frame_rate"]
            if settings["resize_mode"] == "none":
                if (w, h) == (mode.width, mode.height) and mode.min_frame_rate <= rate <= mode.max_frame_rate:
                    return True
                continue
            if "display_surface" in device.choices:
                inside = (w, h) in set(line(mode.width, mode.height))
            else:
                inside = 1 <= w <= mode.width and 1 <= h <= mode.height
            if device.adaptable and inside and 0 < rate <= mode.max_frame_rate:
                return True
        elif (
            settings["sample_size"] == mode.sample_size and mode.min_latency <= settings["latency"] <= mode.max_latency
        ):
            same = settings["channel_count"] == mode.channel_count and settings["sample_rate"] == mode.sample_rate
            low, high = min(8000, mode.sample_rate), max(192000, mode.sample_rate)
            made = 1 <= settings["channel_count"] <= mode.channel_count and low <= settings["sample_rate"] <= high
            if same or (device.adaptable and made):
                return True
    return not device.modes


def check(kind, devices, constraints, select, parse, selection):
    """Compare the rules with the brute force; raises AssertionError with the case."""
    case = (kind, devices, constraints)
    expected = answer(kind, devices, constraints)
    got = select(devices, parse(kind, constraints))
    relevant = of_kind(kind, constraints)
    if expected.least == math.inf:
        assert not isinstance(got, selection), case
        alone = [
            name
            for name, value in relevant.items()
            if name != "advanced" and answer(kind, devices, {name: value}).least == math.inf
        ]
        assert got.constraint in (alone or relevant), (case, got, alone)
        assert got.message, case
        return False
    assert isinstance(got, selection), (case, got)
    index = next(i for i, device in enumerate(devices) if device is got.device)
    # what came out is possible, and is what the device's mode gives
    assert offered(got.device, got.settings), (case, got)
    if kind == "video" and got.mode:
        whole = (got.mode.width, got.mode.height)
        shape = whole if "display_surface" in got.device.choices else (got.settings["width"], got.settings["height"])
        assert got.settings["aspect_ratio"] == round(shape[0] / shape[1], 10), (case, got)
    for name, values in got.device.choices.items():
        assert got.settings[name] in values, (case, got)
    for name, span in got.device.ranges.items():
        assert span.min <= got.settings[name] <= span.max, (case, got)
        assert not span.step or ((got.settings[name] - span.min) / span.step).is_integer(), (case, got)
    # it meets every required constraint and every advanced set that could be kept, and is nearest
    distance = total(got.settings, relevant, "ideal")
    assert math.isclose(distance, got.distance, abs_tol=1e-9), (case, got)
    assert distance <= expected.least + EQUAL + LEFT, (case, got, distance, expected.least)
    for entry in expected.kept:
        assert total(got.settings, entry, "exact") < math.inf, (case, got, entry)
    # ties: the first device, then its picture or sound as it is
    for (other, region), least in expected.regions.items():
        if least <= expected.least + EQUAL - LEFT:
            assert index <= other, (case, got, expected.regions)
            if other == index and region == "native" and kind == "video" and got.mode:
                assert got.settings["resize_mode"] == "none", (case, got, expected.regions)
    return True


# --- random cases ---

RATES = (0.5, 1, 5, 10, 15, 24, 29.97, 30, 50, 60)
SAMPLE_RATES = (4000, 8000, 16000, 22050, 44100, 48000, 96000, 192000, 384000)
POOL = {
    "width": (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 25),
    "height": (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20),
    "aspect_ratio": (0.0, 0.5, 2 / 3, 0.75, 1.0, 1.2, 4 / 3, 1.5, 16 / 9, 1.7, 2.0, 2.35, 3.0, 7.0),
    "frame_rate": (*RATES, 0, 25.5, 100),
    "resize_mode": ("none", "crop-and-scale", "other"),
    "facing_mode": ("user", "environment", "left"),
    "zoom": (0.5, 1.0, 2.5, 4.0, 9.0),
    "pan": (-20.0, -3.0, 0.0, 2.0, 15.0),
    "torch": (True, False),
    "background_blur": (True, False),
    "device_id": ("d0", "d1", "d2", "nobody"),
    "group_id": ("g0", "g1", "nobody"),
    "sample_rate": SAMPLE_RATES,
    "sample_size": (8, 16, 24),
    "latency": (0.0, 0.005, 0.01, 0.02, 0.5),
    "channel_count": (0, 1, 2, 3, 6),
    "echo_cancellation": (True, False, "all", "remote-only"),
    "voice_isolation": (True, False),
}
LISTS = {"resize_mode", "facing_mode", "device_id", "group_id"}


def random_value(rng, name):
    pool = POOL[name]
    number = name in NUMBERS

    def one():
        if name in LISTS and rng.random() < 0.3:
            return [rng.choice(pool) for _ in range(rng.randrange(3))]
        if name in ("zoom", "pan", "frame_rate", "latency", "aspect_ratio") and rng.random() < 0.2:
            return rng.uniform(min(pool), max(pool))
        return rng.choice(pool)

    what = rng.random()
    if what < 0.3:
        return rng.random() < 0.6 if name in ("zoom", "pan") and rng.random() < 0.3 else one()
    found = {}
    if rng.random() < 0.4:
        found["ideal"] = one()
    if number:
        if rng.random() < 0.35:
            found["min"] = one()
        if rng.random() < 0.35:
            found["max"] = one()
    if rng.random() < (0.15 if number else 0.4):
        found["exact"] = one()
    return found


def random_set(rng, kind, chance):
    own = sorted(ONLY[kind])
    names = [name for name in own if rng.random() < chance]
    if rng.random() < 0.05:
        names.append(rng.choice(["channel_count"] if kind == "video" else ["width"]))
    return {name: random_value(rng, name) for name in names}


def random_video(rng, index):
    modes = []
    scale = 4 if rng.random() < 0.04 else 1  # large enough for the search to leave bands of rows out
    for _ in range(rng.choice((1, 1, 2, 3))):
        highest = rng.choice(RATES)
        lowest = highest if rng.random() < 0.6 else min(highest, rng.choice(RATES))
        width, height = rng.randrange(1, 10 * scale), rng.randrange(1, 8 * scale)
        modes.append(VideoMode(width, height, lowest, highest, cost=rng.randrange(2)))
    choices, ranges, defaults = {}, {}, {}
    if rng.random() < 0.5:
        choices["facing_mode"] = rng.choice((("user",), ("environment", "user")))
    if rng.random() < 0.3:
        choices["torch"] = rng.choice(((False, True), (True, False)))
    if rng.random() < 0.15:
        choices["display_surface"] = ("monitor",)
    if rng.random() < 0.3:
        ranges["zoom"] = Range(1.0, 4.0, 0.5 if index % 2 else None)
        defaults["zoom"] = rng.choice((1.0, 2.0))
    if rng.random() < 0.2:
        ranges["pan"] = Range(-10.0, rng.choice((-2.0, 10.0)))
    ids = (f"d{index}", f"g{index % 2}") if rng.random() < 0.9 else ("", "")
    return DeviceModel(
        "video", *ids, tuple(modes if rng.random() < 0.97 else ()), choices, ranges, defaults, rng.random() < 0.85
    )


def random_audio(rng, index):
    modes = []
    for _ in range(rng.choice((1, 2, 3))):
        low = rng.choice((0.003, 0.01))
        modes.append(
            AudioMode(
                rng.choice(SAMPLE_RATES), rng.choice((1, 2, 6)), rng.choice((16, 24)), low, low + rng.choice((0, 0.02))
            )
        )
    choices = {}
    if rng.random() < 0.5:
        choices["echo_cancellation"] = rng.choice(((True, False), (False,), (True, False, "all", "remote-only")))
    if rng.random() < 0.3:
        choices["voice_isolation"] = (False, True)
    return DeviceModel("audio", f"d{index}", f"g{index % 2}", tuple(modes), choices, adaptable=rng.random() < 0.8)


def random_case(rng):
    kind = rng.choice(("video", "video", "audio"))
    make = random_video if kind == "video" else random_audio
    devices = [make(rng, index) for index in range(rng.choice((1, 1, 2, 3)))]
    constraints = random_set(rng, kind, rng.choice((0.1, 0.2, 0.4)))
    if rng.random() < 0.4:
        constraints["advanced"] = [random_set(rng, kind, 0.12) for _ in range(rng.randrange(4))]
    return kind, devices, constraints
