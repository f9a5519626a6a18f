"""Pages open in the browser only in front of the person, with leave, and never in the sandbox."""

import io

import pytest

from wizard.ui.console_prompter import Browser, ConsolePrompter
from wizard.ui.screen import Screen
from wizard.ui.words import Words

LINK = "https://developers.facebook.com/apps/1/"
DESKTOP = {"DISPLAY": ":0"}


@pytest.mark.parametrize(
    ("environ", "platform", "can"),
    [
        (DESKTOP, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"WSL_DISTRO_NAME": "Debian"}, "linux", True),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
        ({**DESKTOP, "SSH_CONNECTION": "1 2 3 4"}, "linux", False),
        ({"SSH_TTY": "/dev/pts/0"}, "darwin", False),
        ({**DESKTOP, "CI": "true"}, "linux", False),
    ],
)
def test_a_browser_is_used_only_where_the_person_would_see_it(environ, platform, can):
    assert Browser(environ, platform=platform).can_open(LINK) is can


@pytest.mark.parametrize("link", ["http://a.example", "file:///etc/passwd", "javascript:1", ""])
def test_only_https_is_opened(link):
    assert not Browser(DESKTOP, platform="linux").can_open(link)


class Person:
    """Answers every list with the same row."""

    plain = False

    def __init__(self, answer):
        self.answer, self.asked = answer, 0

    def pick(self, message, hint, options, default):
        self.asked += 1
        return self.answer

    def forget(self):
        pass


@pytest.fixture
def browse():
    def browse(answer="yes", works=True, environ=DESKTOP, times=2, **options):
        out, opened, person = io.StringIO(), [], Person(answer)
        opener = lambda link: opened.append(link) or works  # noqa: E731
        prompter = ConsolePrompter(
            Screen(out, colour=False),
            Words("en"),
            keyboard=person,
            browser=Browser(environ, opener, "linux"),
            **options,
        )
        for _ in range(times):
            prompter.offer_page(LINK)
        return out.getvalue(), opened, person.asked

    return browse


def test_it_asks_once_and_shows_the_link_each_time(browse):
    shown, opened, asked = browse()
    assert (opened, asked) == ([LINK, LINK], 1)
    assert shown.count(LINK) == 2


@pytest.mark.parametrize(
    ("options", "asked"),
    [({"answer": "no"}, 1), ({"environ": {}}, 0), ({"sandbox": True}, 0)],
    ids=["declined", "no screen", "sandbox"],
)
def test_where_it_does_not_open_the_link_is_still_there(browse, options, asked):
    shown, opened, times = browse(**options)
    assert (opened, times) == ([], asked)
    assert shown.count(LINK) == 2


def test_a_browser_that_does_not_start_is_said(browse):
    shown, _, _ = browse(works=False, times=1)
    assert Words("en").say("ui.browse_failed")[:30] in shown
