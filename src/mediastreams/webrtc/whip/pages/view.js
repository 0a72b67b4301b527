import { Keeper } from "/session.js";

const [video, status, sound, full] = ["video", "status", "sound", "full"].map(id => document.getElementById(id));

function make() {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const stream = new MediaStream();
  sound.disabled = true;
  connection.addTransceiver("video", { direction: "recvonly" });
  connection.addTransceiver("audio", { direction: "recvonly" });
  connection.addEventListener("track", ({ track }) => {
    stream.addTrack(track);
    video.srcObject = stream; // not before: a video that waits for its first picture keeps the page from being loaded
    if (track.kind === "audio") track.addEventListener("unmute", () => { sound.disabled = false; });
    video.play().catch(() => {});
  });
  return connection;
}

const keeper = new Keeper("/whep", make, text => { status.textContent = text === "connected" ? "" : text; });

// Browsers let a page begin only silently: sound is turned on by its person.
sound.addEventListener("click", () => {
  video.muted = !video.muted;
  sound.textContent = video.muted ? "Sound on" : "Sound off";
  video.play().catch(() => {});
});
const screen = video.requestFullscreen || video.webkitEnterFullscreen;
if (screen) {
  full.disabled = false;
  full.addEventListener("click", () => screen.call(video));
}
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "m" && !sound.disabled) sound.click();
  if (event.key === "f" && !full.disabled) full.click();
});
keeper.run();
