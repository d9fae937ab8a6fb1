"""Right parts, which take the place of students' broken ones, from their source alone."""

import importlib

import pytest

from autograder.rubric import Part, grade, session

PARTS = {
    f"{assignment}: {name}": part
    for assignment in ("a3_attention", "a5_masked_lm", "a7_scaling_laws")
    for rubric in importlib.import_module(f"assignments.{assignment}.checks").RUBRICS
    for name, part in rubric.parts.items()
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_its_source_alone_gets_every_point(part: Part):
    namespace: dict[str, object] = {}
    exec(part.source, namespace)
    defined = namespace[part.right.__name__]
    for seed in range(20):
        with session(seed, strict=True):
            assert grade(part.rubric, defined) == part.rubric.points


def test_parts_have_the_names_of_the_functions_that_they_replace():
    for title, part in PARTS.items():
        assert title.endswith(f": {part.right.__name__}")
        assert part.rubric.name == part.right.__name__
