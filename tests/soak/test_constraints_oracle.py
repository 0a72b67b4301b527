"""A million random constraint sets against the brute force: ``pytest -m soak tests/soak/test_constraints_oracle.py``.

``MEDIASTREAMS_ORACLE_SETS`` sets another number, ``MEDIASTREAMS_ORACLE_SEED`` another beginning.
"""

import importlib.util
import os
import random
from pathlib import Path

import pytest

from mediastreams._rules.constraints import parse_constraints
from mediastreams._rules.select_settings import Selection, select_settings

SETS = int(os.environ.get("MEDIASTREAMS_ORACLE_SETS", "1000000"))
SEED = int(os.environ.get("MEDIASTREAMS_ORACLE_SEED", "0"))


@pytest.fixture(scope="module")
def oracle():
    path = Path(__file__).parents[1] / "rules" / "oracle.py"
    spec = importlib.util.spec_from_file_location("rules_oracle", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_million_random_constraint_sets_are_answered_as_the_brute_force_answers_them(oracle):
    satisfiable = 0
    for seed in range(SEED, SEED + SETS):
        case = oracle.random_case(random.Random(seed))
        satisfiable += oracle.check(*case, select_settings, parse_constraints, Selection)
    assert 0.3 < satisfiable / SETS < 0.95  # both answers are seen often
