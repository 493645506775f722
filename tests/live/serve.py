"""Serves sekmet's FHIR server until its standard input ends (so that it never outlives the tests that started it).

`sekmet serve` knows no search parameters of two types and ignores what it does not know, as R4 allows; with
`--all-parameters` it gets the two that R4 gives those types. Everything else is sekmet's."""

import os
import sys
import threading

from sekmet.cli import app
from sekmet.fhir.search_params import PARAMS, SearchParam

LACKING = {
    "AdverseEvent": SearchParam("subject", "reference", ("subject",)),
    "QuestionnaireResponse": SearchParam("patient", "reference", ("subject",), "Patient"),
}


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    if "--all-parameters" in sys.argv:
        sys.argv.remove("--all-parameters")
        PARAMS.update({kind: {parameter.name: parameter} for kind, parameter in LACKING.items()})
    threading.Thread(target=_end_with_input, daemon=True).start()
    app()
