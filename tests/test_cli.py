import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from selavi.cli import main
from selavi.commands import arguments
from selavi.config_file import read_section, write_section
from selavi.files import UserError, atomic_path, read_csv, write_csv
from selavi.settings import FinetuneSettings, MachineSettings, RetrievalSettings
from selavi.stages import COMMANDS


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "selavi", *arguments], capture_output=True, text=True, check=False
    )


def test_help_lists_the_stages_in_order() -> None:
    done = run("--help")
    assert done.returncode == 0
    places = [done.stdout.index(f"\n    {stage}") for stage in COMMANDS]
    assert places == sorted(places)


def test_help_and_small_stages_do_not_wait_for_torch() -> None:
    code = "import sys, selavi.cli as c; c._parser(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["lable"], "invalid choice: 'lable'; did you mean 'label'? (`selavi --help` lists all)"),
        (["qqq"], "invalid choice: 'qqq' (`selavi --help` lists all)"),
        (["zoo", "gett"], "invalid choice: 'gett'; did you mean 'get'? (choose from 'list', "),
        ([], "`selavi label VIDEOS` begins"),
    ],
)
def test_a_wrong_word_is_answered_with_the_nearest_right_one(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        main(given)
    assert done.value.code == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") < 6


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--workers", "-1"], "argument --workers: -1 is not a number from 1"),
        (["--clips-per-cluster", "0"], "argument --clips-per-cluster: 0 is not a number from 1"),
        (["--clips-per-cluster", "few"], "--clips-per-cluster: invalid int value: 'few'"),
        (["--max-megabytes", "0.5"], "argument --max-megabytes: 0.5 is not a number from 1"),
        (["--max-megabytes", "nan"], "argument --max-megabytes: nan is not a number from 1"),
    ],
)
def test_numbers_out_of_range_are_refused_before_a_training(
    given: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        main(["label", str(tmp_path), "--output", str(tmp_path / "out"), *given])
    assert done.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("stage", COMMANDS)
def test_each_stage_explains_itself(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([stage, "--help"])
    assert done.value.code == 0
    assert "--log FILE" in capsys.readouterr().out


def test_a_mistake_is_a_sentence_on_the_screen_and_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "x.log"
    done = run(
        "metrics", "--assignments", str(tmp_path / "absent.csv"),
        "--output", str(tmp_path / "m.csv"), "--log", str(log),
    )  # fmt: skip
    assert done.returncode == 1
    assert "absent.csv does not exist; run the stage that writes it" in done.stderr
    assert "Traceback" not in done.stderr
    assert "absent.csv does not exist" in log.read_text()


@pytest.mark.parametrize(("most", "workers"), [("2", 2), ("4", 4), ("9", 4), ("0", 0)])
def test_loader_processes_are_no_more_than_asked_for(most: str, workers: int) -> None:
    parser = argparse.ArgumentParser()
    arguments.machine(parser)
    settings = FinetuneSettings()
    assert settings.machine.workers == 4
    bounded = arguments.on_machine(settings, parser.parse_args(["--max-workers", most]))
    assert bounded == FinetuneSettings(machine=MachineSettings(workers=workers))
    assert arguments.on_machine(settings, parser.parse_args([])) == settings


def test_the_machine_is_in_a_file_of_its_own(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    arguments.machine(parser)
    machine = MachineSettings(workers=2, threads=3, precision="float32")
    write_section(tmp_path / "machine.yaml", machine)
    options = parser.parse_args(["--machine", str(tmp_path / "machine.yaml")])
    assert arguments.on_machine(FinetuneSettings(), options) == FinetuneSettings(machine=machine)
    given = arguments.on_machine(FinetuneSettings(), options, threads=1, workers=None).machine
    assert given == machine.model_copy(update={"threads": 1})


def test_where_an_error_of_a_library_happened_is_in_the_log(tmp_path: Path) -> None:
    """A benchmark file with a row of too many fields: it is pandas that objects."""
    (tmp_path / "made/assign").mkdir(parents=True)
    (tmp_path / "made/assign/one.tsv").write_text("s\tmax_rss\n1\t2\n1\t2\t3\t4\n")
    log = tmp_path / "x.log"
    arguments = ["--benchmarks", str(tmp_path / "made"), "--output", str(tmp_path / "c.csv")]
    done = run("costs", *arguments, "--log", str(log))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{log} has the traceback" in done.stderr
    assert "Traceback" in log.read_text()
    assert 'costs.py", line' in log.read_text()
    assert "Expected 2 fields in line 3" in done.stderr
    assert "with --log FILE, that file has the traceback" in run("costs", *arguments).stderr


def test_settings_are_written_for_other_stages(tmp_path: Path) -> None:
    config = Path(__file__).parent.parent / "config/demo.yaml"
    good = run("settings", "--configfile", str(config), str(config.with_name("demo-full.yaml")))
    assert good.returncode == 0
    assert "valid; datasets: demo; runs: demo, demo-seed1" in good.stderr
    wrong = run("settings", "--configfile", str(config), "--run", "dmo", "--output", "x")
    assert wrong.returncode == 1
    assert "'dmo' is not in" in wrong.stderr
    output = tmp_path / "run.yaml"
    assert (
        run(
            "settings", "--configfile", str(config), "--run", "demo", "--output", str(output)
        ).returncode
        == 0
    )
    assert "warmup_batches: 20" in output.read_text()
    stage = ("--evaluation", "retrieval", "--output", str(output))
    assert run("settings", "--configfile", str(config), *stage).returncode == 0
    assert read_section(output, RetrievalSettings).clips == 10


def test_a_configuration_without_keys_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("words")
    assert f"{path} holds 'words', not keys" in run("settings", "--configfile", str(path)).stderr
    path.write_text("")
    assert "datasets: is required" in run("settings", "--configfile", str(path)).stderr


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_quota_or_full_disk_is_explained(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="no space left on the disk while writing"),
        atomic_path(tmp_path / "a"),
    ):
        Path("/dev/full").write_text("x" * 100_000)


def test_text_comes_back_from_csv_as_it_was(tmp_path: Path) -> None:
    words = ["007", "NA", "null", "", "1e5", "a,b", 'q"q', "l\nm", "c\rr", " space "]
    write_csv(tmp_path / "t.csv", pd.DataFrame({"text": words, "number": range(10)}))
    back = read_csv(tmp_path / "t.csv", ("text",))
    assert back["text"].tolist() == words
    assert back["number"].tolist() == list(range(10))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a valid CSV file"),
        (b"a,b\n1,2\n1,2,3\n", "is not a valid CSV file"),
        (b"a\n\xff\xfe\n", "is not a valid CSV file"),
        (b"cluster,b\n1,2\n", "has no column 'label'; its columns: cluster, b"),
        (
            ("long" * 20 + ",b" * 30).encode(),
            "its columns: "
            + "long" * 10
            + "..., b"
            + "".join(f", b.{n}" for n in range(1, 11))
            + " and 19 more",
        ),
    ],
)
def test_a_table_of_another_kind_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    given = ["metrics", "--assignments", str(path), "--output", str(tmp_path / "m.csv")]
    assert main(given) == 1
    assert f"{path} " in (shown := capsys.readouterr().err)
    assert words in shown


def test_a_misspelt_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("datasts: {}\nruns: {}\n")
    assert (
        "datasts: unknown key; did you mean 'datasets'?"
        in run("settings", "--configfile", str(path)).stderr
    )


def test_a_reader_that_has_seen_enough_gets_no_traceback():
    """As in `selavi zoo list | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "selavi", "zoo", "list"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def test_the_process_ends_though_a_pool_of_threads_is_open() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor; from selavi import cli;"
        "pool = ThreadPoolExecutor(1); pool.submit(int).result(); cli.main = lambda: 7;"
        "cli.run_and_exit()"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    assert done.returncode == 7
