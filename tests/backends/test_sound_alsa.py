"""Sound cards as ``/proc/asound`` lists them: recorded texts, laid out as the kernel does."""

from __future__ import annotations

import pytest

from mediastreams._backends.sound.alsa import AlsaDevice, list_alsa
from mediastreams._backends.sysfs import physical_device

CARDS = """\
 0 [PCH            ]: HDA-Intel - HDA Intel PCH
                      HDA Intel PCH at 0xf7f10000 irq 31
 1 [C920           ]: USB-Audio - HD Pro Webcam C920
                      HD Pro Webcam C920 at usb-0000:00:14.0-2, high speed
 2 [Loopback       ]: Loopback - Loopback
                      Loopback 1
"""
PCM = """\
00-00: ALC892 Analog : ALC892 Analog : playback 1 : capture 1
00-03: HDMI 0 : HDMI 0 : playback 1
01-00: USB Audio : USB Audio : capture 1
02-00: Loopback PCM : Loopback PCM : playback 8 : capture 8
garbage
09-00: of no card : of no card : capture 1
"""
STREAM = """\
HD Pro Webcam C920 at usb-0000:00:14.0-2, high speed : USB Audio

Capture:
  Status: Stop
  Interface 3
    Altset 1
    Format: S16_LE
    Channels: 1
    Endpoint: 0x86 (6 IN) (ASYNC)
    Rates: 16000, 24000, 32000
"""


@pytest.fixture
def system(tmp_path):
    """``/proc/asound`` and ``/sys`` of a computer with a webcam."""
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    (proc / "card1").mkdir(parents=True)
    (proc / "cards").write_text(CARDS)
    (proc / "pcm").write_text(PCM)
    (proc / "card1" / "stream0").write_text(STREAM)
    usb = sys / "devices" / "pci0000:00" / "0000:00:14.0" / "usb1" / "1-2"
    interface = usb / "1-2:1.2"
    interface.mkdir(parents=True)
    (usb / "idVendor").write_text("046d")
    (usb / "idProduct").write_text("082d")
    card = sys / "class" / "sound" / "card1"
    card.mkdir(parents=True)
    (card / "device").symlink_to(interface)
    return proc, sys, usb


def test_every_card_s_microphones_and_speakers_are_listed(system):
    proc, sys, _ = system
    assert [(d.output, d.id, d.label) for d in list_alsa(proc, sys)] == [
        (False, ":CARD=PCH,DEV=0", "HDA Intel PCH, ALC892 Analog"),
        (True, ":CARD=PCH,DEV=0", "HDA Intel PCH, ALC892 Analog"),
        (True, ":CARD=PCH,DEV=3", "HDA Intel PCH, HDMI 0"),
        (False, ":CARD=C920,DEV=0", "HD Pro Webcam C920, USB Audio"),
        (False, ":CARD=Loopback,DEV=0", "Loopback, Loopback PCM"),
        (True, ":CARD=Loopback,DEV=0", "Loopback, Loopback PCM"),
    ]


def test_a_usb_card_tells_its_rates_and_channels_and_shares_its_camera_s_folder(system):
    proc, sys, usb = system
    (webcam,) = [d for d in list_alsa(proc, sys) if "C920" in d.id]
    assert (webcam.sample_rate, webcam.channels) == (32_000, 1)
    assert webcam.group == str(usb)


def test_a_card_that_tells_nothing_is_taken_for_48_khz_stereo(system):
    proc, sys, _ = system
    assert {(d.sample_rate, d.channels) for d in list_alsa(proc, sys) if "PCH" in d.id} == {(48_000, 2)}


def test_a_pulse_path_below_a_card_leads_to_the_same_folder(system):
    _, sys, usb = system
    assert physical_device(usb / "1-2:1.2" / "sound" / "card1") == str(usb)
    pci = sys / "devices" / "pci0000:00" / "0000:00:1b.0"
    assert physical_device(pci / "sound" / "card0") == str(pci)


def test_without_cards_nothing_is_listed(tmp_path):
    assert list_alsa(tmp_path / "none", tmp_path) == []
    (tmp_path / "cards").write_text("--- no soundcards ---\n")
    assert list_alsa(tmp_path, tmp_path) == []


def test_listings_compare_so_that_a_poll_sees_a_difference(system):
    proc, sys, _ = system
    first = frozenset(list_alsa(proc, sys))
    assert first == frozenset(list_alsa(proc, sys))
    assert all(isinstance(device, AlsaDevice) for device in first)
    (proc / "pcm").write_text(PCM.splitlines()[0])
    assert first != frozenset(list_alsa(proc, sys))
