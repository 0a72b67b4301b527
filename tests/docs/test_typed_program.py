"""What a user's editor knows of a program that uses the library."""

import json
import re
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("typed_program.py")


def test_a_user_s_program_is_understood_by_the_type_checker_and_its_mistakes_are_found():
    expected = {
        (number, found[1])
        for number, line in enumerate(PROGRAM.read_text(encoding="utf-8").splitlines())
        if (found := re.search(r"# expected: (\w+)", line))
    }
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(PROGRAM)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["generalDiagnostics"]
    errors = {
        (one["range"]["start"]["line"], one.get("rule")): one["message"] for one in found if one["severity"] == "error"
    }
    assert errors.keys() == expected, errors
