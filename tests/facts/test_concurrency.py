import threading

import pytest

from wizard.facts.reads import Memory, run_concurrently
from wizard.text.errors import ErrorKind, Unavailable


def test_jobs_run_at_the_same_time():
    meeting = threading.Barrier(4, timeout=5)
    assert set(run_concurrently(dict.fromkeys(range(4), meeting.wait)).values()) == {0, 1, 2, 3}


def test_never_more_at_once_than_allowed():
    lock, now, most = threading.Lock(), [0], [0]

    def job():
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.005)
        with lock:
            now[0] -= 1

    run_concurrently(dict.fromkeys(range(12), job), most=3)
    assert most[0] == 3


def test_answers_keep_the_order_of_the_jobs_and_troubles_stand_among_them():
    def cannot():
        raise Unavailable(ErrorKind.BUSY)

    answers = run_concurrently({"b": lambda: 1, "a": cannot, "c": lambda: 3})
    assert list(answers) == ["b", "a", "c"]
    assert isinstance(answers["a"], Unavailable)
    assert run_concurrently({}) == {}


def test_a_defect_is_raised_after_the_others_have_ended():
    ended = []
    with pytest.raises(ZeroDivisionError):
        run_concurrently(
            {1: lambda: 1 / 0, 2: lambda: ended.append(2), 3: lambda: ended.append(3)}, most=1
        )
    assert ended == [2, 3]


def test_many_threads_ask_one_thing_once():
    memory, asked = Memory(), []
    start = threading.Barrier(8, timeout=5)

    def ask():
        start.wait()
        return memory.recall("x", lambda: asked.append(1) or "answer")

    assert set(run_concurrently(dict.fromkeys(range(8), ask)).values()) == {"answer"}
    assert len(asked) == 1
