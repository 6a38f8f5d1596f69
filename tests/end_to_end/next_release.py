"""The next release: this source tree with an activity, a saga and the steps of one changed, synthesised from a copy."""

import json
import shutil
from pathlib import Path

from local.stage import ROOT, SOURCES, synthesise

TREE = ROOT / ".local" / "next_release"
"""Where nobody looks for sources of ours."""
COPIED = (*SOURCES, "doctor", "policies", "pyproject.toml")
SOURCE = TREE / "source"
PATIENCE = 30
"""Seconds that a function of activities may take, for the machine's own five."""
TOLD = "by the next release: "
"""How what the changed activity did begins."""
NEW_STEP = "EnableMetricsOnceMore"

_CHANGED = {
    "lambdas/activities/capacity.py": (
        ('return f"resized {plan.group} from', f'return f"{TOLD}resized {{plan.group}} from'),
        ('return f"resized {plan.group} back', f'return f"{TOLD}resized {{plan.group}} back'),
    ),
    "statemachines/create_server_group.py": (
        ('        step("CopyAlarms", do=scaling.copy_alarms, undo=scaling.delete_alarms, needs="alarms"),\n', ""),
        (
            "    late=plans.on_unhealthy,\n",
            "    removed=(removed(COPY_ALARMS, after='CopyScalingPolicies', on=date(2026, 12, 1)),),\n"
            "    late=plans.on_unhealthy,\n",
        ),
        (
            "            stable_for=plans.stable_for,\n        ),\n",
            "            stable_for=plans.stable_for,\n        ),\n"
            f'        step("{NEW_STEP}", do=server_groups.enable_metrics, goes_with="CreateEmptyGroup"),\n',
        ),
        (
            "CREATE_SERVER_GROUP: ",
            'COPY_ALARMS = step("CopyAlarms", do=scaling.copy_alarms, undo=scaling.delete_alarms)\n'
            "CREATE_SERVER_GROUP: ",
        ),
        ("import timedelta\n", "import date, timedelta\n"),
        ("from saga import Reservation, Saga, step", "from saga import Reservation, Saga, removed, step"),
    ),
}


def assembled() -> Path:
    """Its synthesised app, made anew where a source has changed."""
    synthesise(TREE / "cdk.out", app=_copied() / "app.py")
    return patient(TREE / "cdk.out")


def patient(assembly: Path) -> Path:
    """The same app, whose activities have half a minute: beside fifty operations one may have to wait for a core."""
    copied = TREE / "patient" / assembly.name
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(assembly, copied, symlinks=True)
    template = copied / "Windlass.template.json"
    changed = json.loads(template.read_text())
    functions = (one["Properties"] for one in changed["Resources"].values() if one["Type"] == "AWS::Lambda::Function")
    for one in functions:
        if one["Handler"] == "lambdas.handlers.activity":
            one["Timeout"] = PATIENCE
        one["Environment"]["Variables"]["WINDLASS_ATTEMPT_LIMIT"] = str(PATIENCE + 5)
    template.write_text(json.dumps(changed))
    return copied


def _copied() -> Path:
    tree = SOURCE
    shutil.rmtree(tree, ignore_errors=True)
    for name in COPIED:
        _copy(ROOT / name, tree / name)
    (tree / "build").symlink_to(ROOT / "build")
    for name, changes in _CHANGED.items():
        path = tree / name
        path.write_text(_changed(name, path.read_text(), changes))
    return tree


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _changed(name: str, text: str, changes: tuple[tuple[str, str], ...]) -> str:
    for before, after in changes:
        assert text.count(before) == 1, f"{name} has {before!r} {text.count(before)} times: change next_release.py too"
        text = text.replace(before, after)
    return text
