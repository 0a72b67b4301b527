// One WHIP or WHEP session: an offer, its answer, and the end. The token is in the address's fragment, which no
// browser sends to anybody.

const token = new URLSearchParams(location.hash.slice(1)).get("token");
const authorization = token ? { Authorization: `Bearer ${token}` } : {};
const GATHERING_MS = 1500;

function iceServers(link) {
  const servers = [];
  for (const [, urls, rest] of (link || "").matchAll(/<([^>]*)>([^,]*)/g)) {
    if (!/rel="?ice-server/.test(rest)) continue;
    const text = name => rest.match(new RegExp(`\\b${name}="((?:[^"\\\\]|\\\\.)*)"`))?.[1].replace(/\\(.)/g, "$1");
    servers.push({ urls, username: text("username"), credential: text("credential") });
  }
  return servers;
}

function gathered(connection) {
  return new Promise(resolve => {
    const look = () => { if (connection.iceGatheringState === "complete") resolve(); };
    connection.addEventListener("icegatheringstatechange", look);
    setTimeout(resolve, GATHERING_MS);
    look();
  });
}

export async function open(endpoint, connection) {
  await connection.setLocalDescription();
  await gathered(connection);
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", ...authorization },
    body: connection.localDescription.sdp,
  });
  const text = await response.text();
  if (response.status !== 201) {
    const error = new Error(text.trim() || `the server answers ${response.status}`);
    error.status = response.status;
    error.final = [401, 403, 404, 422].includes(response.status);
    throw error;
  }
  const servers = iceServers(response.headers.get("Link"));
  if (servers.length) connection.setConfiguration({ ...connection.getConfiguration(), iceServers: servers });
  const resource = new URL(response.headers.get("Location"), response.url);
  try {
    await connection.setRemoteDescription({ type: "answer", sdp: text });
  } catch (error) {
    end(resource);
    throw error;
  }
  return resource;
}

export function end(resource) {
  fetch(resource, { method: "DELETE", headers: authorization, keepalive: true }).catch(() => {});
}

// Keep one session going: `make` gives a connection that is ready to offer; `tell` says what is the matter.
export class Keeper {
  constructor(endpoint, make, tell) {
    Object.assign(this, { endpoint, make, tell, pause: 500, connection: null, resource: null, timer: 0, stopped: false });
    addEventListener("pagehide", () => this.drop());
    addEventListener("pageshow", event => { if (event.persisted) this.run(); });
    addEventListener("online", () => { if (!this.connection) this.run(); });
  }

  async run() {
    clearTimeout(this.timer);
    this.drop();
    this.stopped = false;
    const connection = (this.connection = this.make());
    connection.addEventListener("connectionstatechange", () => {
      if (connection !== this.connection) return;
      const state = connection.connectionState;
      if (state === "connected") {
        this.pause = 500;
        this.tell("connected");
        this.hear(connection);
      } else if (state === "disconnected") {
        this.tell("The connection is interrupted …");
      } else if (state === "failed" || state === "closed") {
        this.again("The connection is lost");
      }
    });
    try {
      const resource = await open(this.endpoint, connection);
      if (connection === this.connection) this.resource = resource;
      else end(resource);
    } catch (error) {
      if (connection !== this.connection) return;
      if (error.final) {
        this.drop();
        this.tell(error.status === 401 ? "This address has no valid token." : error.message);
      } else {
        this.again(error.message);
      }
    }
  }

  // A server that says good-bye is not waited for as if the network were away.
  hear(connection) {
    const transport = connection.getSenders()[0]?.transport;
    if (transport) transport.onstatechange = () => {
      if (connection === this.connection && transport.state === "closed") this.again("The server has ended it");
    };
  }

  again(why) {
    this.drop();
    const seconds = Math.max(1, Math.round(this.pause / 1000));
    this.tell(`${why}. Trying again in ${seconds} s …`);
    this.timer = setTimeout(() => this.run(), this.pause * (0.75 + Math.random() / 2));
    this.pause = Math.min(2 * this.pause, 15000);
  }

  drop() {
    clearTimeout(this.timer);
    this.connection?.close();
    if (this.resource) end(this.resource);
    this.connection = this.resource = null;
  }
}
