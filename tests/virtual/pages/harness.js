// The page's end of tests/virtual/browsers.py: runs what the test sends, and has the tools that its functions use.
"use strict";
const AsyncFunction = (async () => {}).constructor;
const kept = {}; // what one call leaves for the next
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const once = (target, type) => new Promise(resolve => target.addEventListener(type, resolve, {once: true}));

async function until(condition, what, ms = 30000) {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const found = await condition();
    if (found) return found;
    await sleep(20);
  }
  throw new Error(`within ${ms} ms there was no ${what}`);
}

// ── the frame counter of a fake camera (card_code.py): 6 × 4 blocks in a magenta frame about the middle ──
const CODE = {columns: 6, rows: 4, bits: 18, least: 60};
const checkOf = n => ((n * 37) ^ (n >> 6) ^ (n >> 12) ^ 0b101101) & 63;

function sides(strength) {
  const middle = strength.length >> 1;
  const limit = Math.max(CODE.least, Math.max(...strength) / 2);
  const stretch = (from, step) => {
    let at = from;
    while (at >= 0 && at < strength.length && !(strength[at] > limit)) at += step;
    const first = at;
    while (at >= 0 && at < strength.length && strength[at] > limit) at += step;
    return first === at ? NaN : (first + at - step) / 2;
  };
  return [stretch(middle - 1, -1), stretch(middle, 1)];
}

function readCard(pixels, width, height) { // → counter, or null where there is none that can be read
  const at = (x, y) => 4 * (y * width + x);
  const magenta = (x, y) => Math.min(pixels[at(x, y)], pixels[at(x, y) + 2]) - pixels[at(x, y) + 1];
  const row = Array.from({length: width}, (_, x) => magenta(x, height >> 1));
  const column = Array.from({length: height}, (_, y) => magenta(width >> 1, y));
  const [left, right] = sides(row), [top, bottom] = sides(column);
  const across = (right - left) / (CODE.columns + 1), down = (bottom - top) / (CODE.rows + 1);
  if (!(across > 1 && down > 1)) return null;
  let word = 0;
  for (let r = 0; r < CODE.rows; r++) {
    for (let c = 0; c < CODE.columns; c++) {
      const i = at(Math.round(left + (c + 1) * across), Math.round(top + (r + 1) * down));
      word = word * 2 + (0.299 * pixels[i] + 0.587 * pixels[i + 1] + 0.114 * pixels[i + 2] > 127 ? 1 : 0);
    }
  }
  const counter = Math.floor(word / 64);
  return checkOf(counter) === word % 64 ? counter : null;
}

function drawCard(context, counter) { // the same, painted: what read_counter() reads
  const {width, height} = context.canvas;
  const across = Math.max(2, Math.round(width * 0.0175) * 2), down = Math.max(2, Math.round(height * 0.025) * 2);
  const left = Math.floor((width - 8 * across) / 4) * 2, top = Math.floor((height - 6 * down) / 4) * 2;
  context.fillStyle = `hsl(${counter % 360} 60% 40%)`;
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#ff00ff";
  context.fillRect(left, top, 8 * across, 6 * down);
  const word = counter * 64 + checkOf(counter);
  for (let i = 0; i < 24; i++) {
    context.fillStyle = Math.floor(word / 2 ** (23 - i)) % 2 ? "white" : "black";
    context.fillRect(left + (1 + i % 6) * across, top + (1 + Math.floor(i / 6)) * down, across, down);
  }
}

// ── watching and listening ──
function play(stream) {
  const video = document.createElement("video");
  video.muted = true; // as a page that nobody has touched may
  video.playsInline = true;
  video.srcObject = stream;
  document.body.append(video);
  video.play();
  return video;
}

async function watch(video, pictures, ms = 30000) { // counters of so many different pictures, in order
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const counters = [];
  let unread = 0, last = null;
  await until(async () => {
    if (!video.videoWidth) return false;
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    context.drawImage(video, 0, 0);
    const counter = readCard(context.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height);
    if (counter === null) unread++;
    else if (counter !== last) counters.push(last = counter);
    return counters.length >= pictures;
  }, `${pictures} pictures (${counters.length} came)`, ms);
  return {counters, unread, width: video.videoWidth, height: video.videoHeight};
}

async function listen(stream, ms = 30000) { // the loudest pitch, once something is heard
  const audio = kept.audio ??= new AudioContext();
  await audio.resume();
  const analyser = new AnalyserNode(audio, {fftSize: 8192, smoothingTimeConstant: 0});
  audio.createMediaStreamSource(stream).connect(analyser);
  const silent = new Audio(); // Chromium hands out a remote stream's sound only while an element plays it
  silent.muted = true;
  silent.srcObject = stream;
  silent.play();
  const bins = new Float32Array(analyser.frequencyBinCount);
  return await until(() => {
    analyser.getFloatFrequencyData(bins);
    let best = 1;
    bins.forEach((level, i) => { if (i > 4 && level > bins[best]) best = i; });
    return bins[best] > -60 ? {hertz: best * audio.sampleRate / analyser.fftSize, level: bins[best]} : null;
  }, "sound", ms);
}

function paint(width, height, fps) { // a stream whose pictures count
  const canvas = Object.assign(document.createElement("canvas"), {width, height});
  const context = canvas.getContext("2d");
  let counter = 0;
  setInterval(() => drawCard(context, counter++), 1000 / fps);
  return canvas.captureStream(fps);
}

function hum(hertz) { // a stream that sounds
  const audio = kept.audio ??= new AudioContext();
  const oscillator = new OscillatorNode(audio, {frequency: hertz});
  const destination = audio.createMediaStreamDestination();
  oscillator.connect(new GainNode(audio, {gain: 0.3})).connect(destination);
  oscillator.start();
  audio.resume();
  return destination.stream;
}

async function gathered(connection) { // the local description with all its candidates
  await until(() => connection.iceGatheringState === "complete", "end of gathering");
  const {type, sdp} = connection.localDescription;
  return {type, sdp};
}

// ── the way to the test ──
const socket = new WebSocket(`ws://${location.host}/socket`);
socket.onmessage = async ({data}) => {
  const {id, body, argument} = JSON.parse(data);
  let answer;
  try {
    answer = {id, value: (await new AsyncFunction("argument", body)(argument)) ?? null};
  } catch (error) {
    answer = {id, error: `${error.name}: ${error.message}`};
  }
  socket.send(JSON.stringify(answer));
};
