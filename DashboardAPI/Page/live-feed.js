// What happens now, a second at a time: over a WebSocket that comes back, kept in rings that do not grow.

/** Seconds that are kept: 25 minutes. */
export const KEPT = 1500;
const [FIRST_PAUSE, LONGEST_PAUSE] = [1000, 30_000];
/** A server that has said nothing for so long is gone; it speaks every second. */
const SILENCE = 10_000;

export class LiveFeed {
  constructor() {
    this.seconds = new Array(KEPT).fill(null);
    this.newest = 0;
    this.state = "closed";
    this.pause = FIRST_PAUSE;
    this.followers = new Set();
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && this.state === "waiting") this.connect(); });
  }

  follow(follower) {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  open() {
    if (this.state === "closed") this.connect();
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    this.set("closed");
    this.socket?.close();
    this.socket = null;
  }

  connect() {
    clearTimeout(this.timer);
    this.set("connecting");
    const socket = (this.socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/analytics/live`));
    socket.onmessage = ({ data }) => socket === this.socket && this.take(JSON.parse(data));
    socket.onclose = () => socket === this.socket && this.comeBack();
    this.listen();
  }

  /** Later each time, and not all clients at once. */
  comeBack() {
    if (this.state === "closed") return;
    clearTimeout(this.watch);
    const wait = this.pause * (0.5 + Math.random() / 2);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.retryAt = Date.now() + wait;
    this.socket = null;
    this.set("waiting");
    this.timer = setTimeout(() => this.connect(), wait);
  }

  listen() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => { const socket = this.socket; this.comeBack(); socket?.close(); }, SILENCE);
  }

  take(message) {
    this.listen();
    this.pause = FIRST_PAUSE;
    for (const second of message.seconds) this.keep(second);
    this.set("open");
  }

  keep(second) {
    const at = Math.floor(second.at / 1000);
    if (at <= this.newest - KEPT) return;
    for (let gap = Math.max(this.newest + 1, at - KEPT + 1); gap < at; gap++) this.seconds[gap % KEPT] = null;
    this.seconds[at % KEPT] = second;
    this.newest = Math.max(this.newest, at);
  }

  set(state) {
    this.state = state;
    for (const follower of this.followers) follower();
  }

  /** The visitors of the last five minutes; `null` where they are not known. */
  visitors(source) {
    if (this.state !== "open") return null;
    const second = this.seconds[this.newest % KEPT];
    if (!second) return null;
    return sum(second, source, (share) => share.visitors);
  }
}

/** Adds up what the sources of a second say, or takes one source. */
export function sum(second, source, value) {
  if (source) return second.sources[source] ? value(second.sources[source]) : 0;
  let total = 0;
  for (const share of Object.values(second.sources)) total += value(share);
  return total;
}

/** The events of a source's second. */
export function eventsOf(share) {
  let total = 0;
  for (const count of Object.values(share.events)) total += count;
  return total;
}
