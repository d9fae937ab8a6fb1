"""Every error the courseware raises on purpose, as one tree.

    CoursewareError
    ├── CourseError             the course folder or its settings are not as they must be
    ├── BuildError              an assignment's source cannot be turned into notebooks
    │   └── LeakError           the release would show students what they must not see
    ├── UnreadableSubmission    one submission's file is not a notebook that can be graded
    ├── SandboxUnavailable      this machine cannot confine student code
    └── StudentError            what a student's object did when the judge used it
        ├── StudentRaised       it raised an exception
        ├── StudentTimeout      it did not answer before its deadline
        ├── StudentDied         its process ended, or was ended for using too much
        └── BadReply            what it sent is no value that the judge accepts

A `StudentError` is an outcome of grading, not a fault of the program: checks turn it into a
message. `SandboxUnavailable` may come up within any call of a student's object and is none: whoever
catches what such a call raises lets it through.
"""


class CoursewareError(Exception):
    """Base of all errors that the courseware raises on purpose."""


class CourseError(CoursewareError):
    """The course folder or its settings are not as they must be."""


class BuildError(CoursewareError):
    """An assignment's source cannot be turned into notebooks."""


class LeakError(BuildError):
    """The release would show students a solution, a hidden test or a misconception."""


class UnreadableSubmission(CoursewareError):
    """One submission's file is not a notebook that can be graded; the text says why."""


class SandboxUnavailable(CoursewareError):
    """This machine cannot confine student code; the text says what to install or change."""


class StudentError(CoursewareError):
    """What a student's object did when the judge used it; never the judge's own fault."""


class StudentRaised(StudentError):
    """The student's code raised: the text is `TypeName: message`, plain and capped.

    `kinds`: names of the exception's type and of all that it derives from, as that end says.
    """

    def __init__(self, text: str, kinds: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.kinds = kinds


class StudentTimeout(StudentError):
    """The student's code did not answer before its deadline."""


class StudentDied(StudentError):
    """The student's process ended, or was ended because it used too much."""


class BadReply(StudentError):
    """The student's process sent something that is no acceptable value."""
