"""The background of the stories is background, however busy and however long."""

from __future__ import annotations

from datetime import UTC
from itertools import islice

import pytest
from socterm.assets import rules_dir
from socterm.demo import stories, tell
from socterm.event import Chunk
from socterm.parsers import Decoder
from socterm.pipeline.detect import Detector
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules([rules_dir()])


@pytest.mark.parametrize(
    "name", sorted({story.noise: story.name for story in stories().values() if story.noise}.values())
)
@pytest.mark.parametrize("factor", [1.0, 12.0])
def test_background_stays_background(name: str, factor: float, rules: RuleSet) -> None:
    """Without its attack, a few turns of it raise nothing of medium or higher, however busy it is."""
    story = stories()[name]._replace(chapters=())
    detector = Detector(rules)
    decoders = {log.name: Decoder(log.name, tz=UTC) for log in story.logs}
    ident = 0
    for told in islice(tell([story], noise=factor, on=True), 9000):
        chunk = Chunk(told.step.log, ident, [told.step.line.encode()], {}, now=0, live=False)
        for event in decoders[told.step.log].decode(chunk):
            ident += 1
            event.id = ident
            detector.feed(told.step.log, [event])
    detector.flush()
    raised = {rules.rules[change.rule].name: change.entity for change in detector.collect()
              if rules.rules[change.rule].info.level in ("medium", "high", "critical")}  # fmt: skip
    assert not raised
