import socket

import pytest

from eventsapp.mail import inbox
from eventsapp.mail.inbox import InboxAway, opened
from tests.mail.imap_server import Mailbox, imap_server

MAILS = {3: b"Subject: one\r\n\r\nOne\r\n", 7: b"Subject: two\r\n\r\nTwo\r\n"}


@pytest.fixture
def maildir(tmp_path):
    for name in ("new", "tmp", "cur"):
        (tmp_path / "Bounces" / name).mkdir(parents=True)
    return tmp_path / "Bounces"


def url_of(mailbox, folder="", said="right"):
    return f"imap://me%40example.org:{said}@127.0.0.1:{mailbox.port}/{folder}"


def tick_off_all(mailbox):
    with opened(url_of(mailbox)) as box:
        for name, _raw in box.mails():
            box.done(name)


def test_a_maildir(maildir):
    (maildir / "new" / "2.b").write_bytes(b"two")
    (maildir / "new" / "1.a:2,").write_bytes(b"one")
    (maildir / "tmp" / "3.c").write_bytes(b"not whole yet")
    with opened(maildir.as_uri().replace("file:", "maildir:")) as box:
        assert list(box.mails()) == [("1.a:2,", b"one"), ("2.b", b"two")]
        box.done("1.a:2,")
        box.done("1.a:2,")  # another worker was quicker
        assert list(box.mails()) == [("2.b", b"two")]
    assert [path.name for path in (maildir / "cur").iterdir()] == ["1.a:2,S"]


def test_a_maildir_that_is_not_there(tmp_path):
    with pytest.raises(InboxAway, match="No such file"), opened(f"maildir://{tmp_path}/none") as box:
        list(box.mails())


def test_a_mail_without_end_is_cut(maildir, monkeypatch):
    monkeypatch.setattr(inbox, "MOST_OCTETS", 10)
    (maildir / "new" / "1").write_bytes(b"x" * 1000)
    with opened(f"maildir://{maildir}") as box:
        assert list(box.mails()) == [("1", b"x" * 10)]
    with imap_server(Mailbox({1: b"y" * 1000})) as mailbox, opened(url_of(mailbox)) as box:
        assert list(box.mails()) == [("1", b"y" * 10)]


def test_a_mailbox_by_imap():
    with imap_server(Mailbox(dict(MAILS))) as mailbox:
        with opened(url_of(mailbox)) as box:
            assert list(box.mails()) == [("3", MAILS[3]), ("7", MAILS[7])]
            box.done("3")
        assert mailbox.seen == {3}  # reading alone leaves them unseen
        with opened(url_of(mailbox, folder="Bounces%20here")) as box:
            assert list(box.mails()) == [("7", MAILS[7])]
            box.done("7")
            assert list(box.mails()) == []
        assert mailbox.selected == ["INBOX", "Bounces here"]


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH", "STORE"])
def test_a_connection_that_breaks_off(command):
    with imap_server(Mailbox(dict(MAILS), cut_at=command)) as mailbox:
        with pytest.raises(InboxAway):
            tick_off_all(mailbox)
        assert mailbox.seen == set()
        with opened(url_of(mailbox)) as box:  # the next time it goes on
            assert [name for name, _raw in box.mails()] == ["3", "7"]


def test_a_wrong_password_is_not_repeated():
    with (
        imap_server(Mailbox({})) as mailbox,
        pytest.raises(InboxAway) as raised,
        opened(url_of(mailbox, said="hidden")),
    ):
        pass
    assert "not with that" in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_a_server_that_is_away_or_says_nothing(monkeypatch):
    with pytest.raises(InboxAway, match="refused"), opened("imap://me:hidden@127.0.0.1:1"):
        pass
    monkeypatch.setattr(inbox, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"imap://me:hidden@127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(InboxAway, match="timed out"), opened(url):
            pass


def test_a_password_does_not_leave_this_machine_in_the_open(monkeypatch):
    monkeypatch.setattr(inbox, "is_loopback", lambda _host: False)
    with imap_server(Mailbox({})) as mailbox:
        with pytest.raises(InboxAway, match="TLS"), opened(url_of(mailbox)):
            pass
        assert mailbox.selected == []
