"""Says whether Grafana would take these dashboards.

    validate_grafana.py DASHBOARD.json ...  exit code 1 if any is wrong
    validate_grafana.py --self-test         checks that a right dashboard passes and wrong ones do not

A dashboard passes when Grafana's own models (grafana_foundation_sdk) read it and write it back unchanged: they drop what they
do not know, so a misspelt key shows.
"""

import copy
import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

# What Grafana knows and its models leave out: the text of a variable's query for lists, how many repeated panels stand in a
# row, and what Prometheus' annotations are made of.
LEFT_OUT = {
    "templating": {"definition"},
    "panels": {"maxPerRow"},
    "annotations": {"builtIn", "step", "tagKeys", "textFormat", "titleFormat", "useValueForTime"},
}
EMPTY = (None, False, "", [], {})


def problems(dashboard):
    """What is wrong with one dashboard, in sentences."""
    try:
        # They take the object apart as they read it.
        known = json.loads(JSONEncoder().encode(Dashboard.from_json(copy.deepcopy(dashboard))))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [f"Grafana's models cannot read it: {error!r}"]
    return list(lost(dashboard, known, ""))


def lost(written, known, where):
    if isinstance(written, dict) and isinstance(known, dict):
        left_out = LEFT_OUT.get(where.strip(".").split(".")[0].split("[")[0], set())
        for key, value in written.items():
            if key in known:
                yield from lost(value, known[key], f"{where}.{key}")
            elif key not in left_out and value not in EMPTY:
                yield f"{where}.{key} is not a key that Grafana knows"
    elif isinstance(written, list) and isinstance(known, list) and len(written) == len(known):
        for at, (one, other) in enumerate(zip(written, known)):
            yield from lost(one, other, f"{where}[{at}]")
    elif written != known:
        yield f"{where} is {written!r}, and Grafana reads {known!r}"


def self_test():
    right = {
        "uid": "a",
        "title": "A",
        "annotations": {"list": [{"name": "n", "enable": True, "iconColor": "red", "expr": "up", "useValueForTime": True}]},
        "panels": [
            {
                "id": 1,
                "type": "stat",
                "gridPos": {"h": 4, "w": 9, "x": 0, "y": 0},
                "datasource": {"type": "prometheus", "uid": "p"},
                "targets": [{"refId": "A", "expr": "up"}],
                "fieldConfig": {"defaults": {"unit": "s"}, "overrides": []},
                "options": {"colorMode": "background"},
            }
        ],
    }
    wrong = []
    for change in (
        lambda it: it.update(titel="A"),
        lambda it: it.update(panels={}),
        lambda it: it["panels"][0].update(gridpos={"h": 4}),
        lambda it: it["panels"][0]["fieldConfig"]["defaults"].update(units="s"),
        lambda it: it["panels"][0]["options"].update(colourMode="value"),
        lambda it: it["panels"][0]["targets"][0].update(expression="up"),
        lambda it: it["panels"][0].update(useValueForTime=True),
        lambda it: it["annotations"]["list"][0].update(colour="red"),
    ):
        wrong.append(copy.deepcopy(right))
        change(wrong[-1])
    missed = [dashboard for dashboard in wrong if not problems(dashboard)]
    for dashboard in missed:
        print(f"taken, and wrong: {json.dumps(dashboard)}")
    for problem in problems(right):
        print(f"found in a right dashboard: {problem}")
    return not missed and not problems(right)


def main(arguments):
    register_default_plugins()
    if arguments == ["--self-test"]:
        return self_test()
    if not arguments:
        print(__doc__)
        return False
    right = True
    for name in arguments:
        with open(name, encoding="utf-8") as file:
            found = problems(json.load(file))
        for problem in found:
            print(f"{name}: {problem}")
        right = right and not found
    return right


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
