"""Every way a store can be closed has its sentence and its one next thing."""

import pytest

from wizard.text.localised import LANGUAGES
from wizard.ui.words import Words, messages
from wizard.vault import VaultProblem


@pytest.mark.parametrize("closed", VaultProblem)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_can_be_said_with_store_and_detail(closed, language):
    words = Words(language)
    says = words.say(f"vault.{closed}", store="STORE", detail="DETAIL")
    if closed is not VaultProblem.PASSPHRASE:  # whose causes are all in the sentence
        assert "DETAIL" in says
    # A problem that one store alone has says in words which.
    assert "{" not in says
    assert words.say(f"vault.{closed}_next", store="STORE", detail="DETAIL")


def test_no_words_are_left_over():
    kinds = {f"vault.{closed}{end}" for closed in VaultProblem for end in ("", "_next")}
    ours = {key for key in messages() if key.startswith("vault.")}
    spoken = {"waiting", "passphrase_ask", "passphrase_new", "passphrase_repeat"}
    spoken |= {f"passphrase_{why}" for why in ("differs", "short", "wrong")}
    assert ours == kinds | {f"vault.{name}" for name in spoken}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_choices_fit_one_screen(language):
    words = Words(language)
    lines = [words.say("vault.missing", store="os-keyring", detail="x" * 40)]
    lines += [words.say("vault.missing_next")]
    assert len("\n".join(lines).splitlines()) <= 20
