import { Keeper } from "/session.js";

const [video, status, start, turn, sound] = ["video", "status", "start", "turn", "sound"]
  .map(id => document.getElementById(id));
let stream = null;
let facing = "environment";
let lock = null;

function make() {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  for (const track of stream.getTracks()) connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  return connection;
}

const keeper = new Keeper("/whip", make, text => {
  status.textContent = text === "connected" ? "This camera is being sent." : text;
});

async function camera() {
  return navigator.mediaDevices.getUserMedia({
    video: { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 720 } },
    audio: true,
  }).catch(error => {
    if (error.name !== "NotFoundError") throw error;
    return navigator.mediaDevices.getUserMedia({ video: { facingMode: facing } });
  });
}

async function begin() {
  stream = await camera();
  video.srcObject = stream;
  lock = await navigator.wakeLock?.request("screen").catch(() => null);
  start.textContent = "Stop";
  turn.disabled = false;
  sound.disabled = !stream.getAudioTracks().length;
  await keeper.run();
}

function finish() {
  keeper.drop();
  for (const track of stream.getTracks()) track.stop();
  stream = video.srcObject = null;
  lock?.release();
  start.textContent = "Send this camera";
  turn.disabled = sound.disabled = true;
  status.textContent = "Nothing is sent.";
}

start.addEventListener("click", async () => {
  if (stream) {
    finish();
    return;
  }
  if (!navigator.mediaDevices) {
    status.textContent = "A browser gives a page the camera over https only.";
    return;
  }
  start.disabled = true;
  try {
    await begin();
  } catch (error) {
    status.textContent = error.name === "NotAllowedError" ? "The camera was not allowed." : `${error.message || error.name}`;
  } finally {
    start.disabled = false;
  }
});

turn.addEventListener("click", async () => {
  facing = facing === "environment" ? "user" : "environment";
  for (const track of stream.getTracks()) track.stop();
  try {
    stream = await camera();
  } catch (error) {
    finish();
    status.textContent = error.message || error.name;
    return;
  }
  video.srcObject = stream;
  sound.textContent = "Microphone off";
  for (const sender of keeper.connection?.getSenders() ?? []) {
    const track = stream.getTracks().find(one => one.kind === sender.track?.kind);
    if (track) sender.replaceTrack(track);
  }
});

sound.addEventListener("click", () => {
  const [track] = stream.getAudioTracks();
  track.enabled = !track.enabled;
  sound.textContent = track.enabled ? "Microphone off" : "Microphone on";
});
