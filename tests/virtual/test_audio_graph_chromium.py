"""One graph, rendered by ours and by Chromium: the same samples within 1e-4.

Oscillators drift apart by 1e-4 of their amplitude in a second, Chromium's phase being a single float.
"""

import numpy as np
import pytest

import mediastreams as ms

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
RATE = 48_000

SCRIPT = """
const context = new OfflineAudioContext(argument.channels, argument.length, argument.rate);
const oscillator = new OscillatorNode(context, {frequency: 440});
const filter = new BiquadFilterNode(context, {type: argument.type, frequency: 900, Q: 2, gain: 6});
const gain = context.createGain();
gain.gain.setValueAtTime(0.1, 0);
gain.gain.linearRampToValueAtTime(0.3, 0.25);
gain.gain.setTargetAtTime(0.2, 0.5, 0.05);
const panner = new StereoPannerNode(context, {pan: 0.3});
oscillator.connect(filter).connect(gain).connect(panner).connect(context.destination);
oscillator.start(0.05);
oscillator.stop(0.9);
const buffer = await context.startRendering();
return Array.from({length: argument.channels}, (_, channel) => Array.from(buffer.getChannelData(channel)));
"""


async def ours(kind, channels):
    context = ms.OfflineAudioContext(channels, RATE, RATE)
    oscillator = ms.OscillatorNode(context, frequency=440)
    filtered = ms.BiquadFilterNode(context, type=kind, frequency=900, Q=2, gain=6)
    gain = context.create_gain()
    gain.gain.set_value_at_time(0.1, 0).linear_ramp_to_value_at_time(0.3, 0.25).set_target_at_time(0.2, 0.5, 0.05)
    panner = ms.StereoPannerNode(context, pan=0.3)
    oscillator.connect(filtered).connect(gain).connect(panner).connect(context.destination)
    oscillator.start(0.05)
    oscillator.stop(0.9)
    rendered = await context.start_rendering()
    return np.stack([rendered.get_channel_data(channel) for channel in range(channels)])


async def test_a_graph_sounds_as_it_does_in_chromium(browser):
    page = await browser("chromium")
    for kind in ("lowpass", "highpass", "bandpass", "peaking", "lowshelf", "notch"):
        theirs = np.array(await page.run(SCRIPT, {"channels": 2, "length": RATE, "rate": RATE, "type": kind}))
        mine = await ours(kind, 2)
        assert np.abs(mine).max() > 0.01
        assert np.abs(mine - theirs).max() < 1e-4, kind


DELAYED = """
const context = new OfflineAudioContext(1, argument.length, argument.rate);
const source = new ConstantSourceNode(context, {offset: 0.5});
const buffer = context.createBuffer(1, 4800, argument.rate);
buffer.getChannelData(0).forEach((_, index, data) => { data[index] = Math.exp(-index / 400); });
const room = new ConvolverNode(context, {buffer, disableNormalization: true});
const delay = new DelayNode(context, {delayTime: 0.01});
const shaper = new WaveShaperNode(context, {curve: [-0.8, 0, 0.4]});
const splitter = context.createChannelSplitter(2), merger = context.createChannelMerger(2);
source.connect(shaper).connect(delay).connect(room).connect(splitter);
splitter.connect(merger, 0, 1);
merger.connect(context.destination);
source.start();
source.stop(0.2);
return Array.from((await context.startRendering()).getChannelData(0));
"""


async def test_a_graph_of_rooms_delays_curves_and_channels_does_so_too(browser):
    page = await browser("chromium")
    theirs = np.array(await page.run(DELAYED, {"length": RATE, "rate": RATE}))
    context = ms.OfflineAudioContext(1, RATE, RATE)
    source = ms.ConstantSourceNode(context, offset=0.5)
    buffer = context.create_buffer(1, 4800, RATE)
    buffer.get_channel_data(0)[:] = np.exp(-np.arange(4800) / 400)
    room = ms.ConvolverNode(context, buffer=buffer, disable_normalization=True)
    delay = ms.DelayNode(context, delay_time=0.01)
    shaper = ms.WaveShaperNode(context, curve=[-0.8, 0, 0.4])
    splitter, merger = context.create_channel_splitter(2), context.create_channel_merger(2)
    source.connect(shaper).connect(delay).connect(room).connect(splitter)
    splitter.connect(merger, 0, 1)
    merger.connect(context.destination)
    source.start()
    source.stop(0.2)
    mine = (await context.start_rendering()).get_channel_data(0)
    assert np.abs(theirs).max() > 1
    assert np.abs(mine - theirs).max() < 1e-4 * np.abs(theirs).max()
