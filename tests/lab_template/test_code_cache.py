"""A function's code: what is in its zip, and when is it made again?"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from gameday.errors import TemplateError
from gameday.lab.template import code


def names(archive: bytes) -> set[str]:
    return set(zipfile.ZipFile(io.BytesIO(archive)).namelist())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    (folder / "pkg").mkdir(parents=True)
    (folder / "__pycache__").mkdir()
    (folder / "app.py").write_text("def handler(event, context): ...\n")
    (folder / "pkg" / "__init__.py").write_text("")
    (folder / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"x")
    return folder


def test_what_is_in_the_zip_of_a_folder(source: Path, tmp_path: Path) -> None:
    assert names(code.package(source, tmp_path / "cache")) == {"app.py", "pkg/__init__.py"}


def test_is_the_same_code_zipped_once(source: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = code.package(source, cache)
    assert code.package(source, cache) == first
    assert len(list((cache / "zip").iterdir())) == 1
    (source / "app.py").write_text("def handler(event, context): return 1\n")
    assert code.package(source, cache) != first
    assert len(list((cache / "zip").iterdir())) == 2


def test_is_a_ready_zip_taken_as_it_is(source: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready.zip"
    ready.write_bytes(code.package(source, tmp_path / "cache"))
    assert code.package(ready, tmp_path / "cache") == ready.read_bytes()


def test_does_boto3_come_from_the_runtime(source: Path, tmp_path: Path) -> None:
    (source / "requirements.txt").write_text("# the runtime has these\nboto3>=1.38\nbotocore\n")
    archive = code.package(source, tmp_path / "cache")
    assert names(archive) == {"app.py", "pkg/__init__.py", "requirements.txt"}
    assert not (tmp_path / "cache" / "requirements").exists()


def test_are_requirements_installed_into_the_cache(source: Path, tmp_path: Path) -> None:
    wheel = _wheel(tmp_path)
    (source / "requirements.txt").write_text(f"{wheel}\nboto3\n")
    assert "ownlib.py" in names(code.package(source, tmp_path / "cache"))


def test_what_does_a_requirement_that_does_not_exist_say(source: Path, tmp_path: Path) -> None:
    (source / "requirements.txt").write_text("./no-such-wheel-1.0-py3-none-any.whl\n")
    with pytest.raises(TemplateError, match=r"requirements\.txt: cannot be installed: .*") as e:
        code.package(source, tmp_path / "cache")
    assert "\n" not in str(e.value)
    assert not list((tmp_path / "cache" / "requirements").iterdir())


def test_does_everything_go_into_a_folder_of_the_zip(source: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert names(code.package(source, cache)) == {"app.py", "pkg/__init__.py"}
    assert names(code.package(source, cache, "python")) == {
        "python/app.py",
        "python/pkg/__init__.py",
    }


def test_what_does_missing_code_say(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="there is no code at"):
        code.package(tmp_path / "nowhere", tmp_path / "cache")


def _wheel(folder: Path) -> Path:
    """A wheel made by hand: building one would ask the network for a build system."""
    wheel = folder / "ownlib-1.0-py3-none-any.whl"
    info = "ownlib-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("ownlib.py", "ANSWER = 42\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: ownlib\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                                          "Tag: py3-none-any\n")  # fmt: skip
        archive.writestr(f"{info}/RECORD", "")
    return wheel
