"""What the jobs of a project keep, and what they leave to a person."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.events import never
from core.data import survey as survey_module
from core.data.folder.listing import Scan
from core.data.near import Clusters
from core.data.survey import Known, Survey
from gui_app.projects import Opened, Place, Read, judge_again, open_images
from gui_app.unwritten import Unwritten


def test_a_judgement_under_way_leaves_what_was_decided_meanwhile(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = open_images(images, Place(tmp_path / "home"), never)
    opened, read, _ = (event for event in told if isinstance(event, Opened | Read))
    assert isinstance(opened, Opened) and isinstance(read, Read)
    project = opened.project
    judge = survey_module.survey

    def decided_meanwhile(found: Scan, near: Clusters, known: Known) -> Survey:
        made = judge(found, near, known)
        project.decide(replace(project.decisions(), grouping="none", confirmed=True))
        return made

    monkeypatch.setattr(survey_module, "survey", decided_meanwhile)
    with closing(project):
        list(judge_again(project, read.survey, read.table, Unwritten(), never))
        assert (project.decisions().grouping, project.decisions().confirmed) == ("none", True)
