// Who may import whom: the table of the design, as data. `check-rooms.mjs` enforces it.
//
// A file's room is its folder below src (transports and formats: the folder below that). Of each other room it may
// import what its row names; its own room and the leaves, errors and events, always.

/** The rooms in the order of their layers: each may import those before it. */
const core = ["compression", "message", "runs", "queue", "dead-letters", "listener", "publisher", "operator", "block"];

const before = (room) => core.slice(0, core.indexOf(room));
const without = (rooms, other) => rooms.filter((room) => room !== other);

/**
 * The rows. `rooms`: may be imported. `types`: only their types may (`import type`).
 * `dynamic`: only by import(), so that nothing is loaded before it is asked for.
 */
export const rows = {
  errors: { rooms: [] },
  events: { rooms: [] },
  time: { rooms: [] },
  options: { rooms: ["errors"] },
  checkup: { rooms: ["errors"] },
  compression: { rooms: before("compression") },
  message: { rooms: before("message") },
  runs: { rooms: before("runs") },
  queue: { rooms: before("queue") },
  "dead-letters": { rooms: before("dead-letters") },
  listener: { rooms: before("listener") },
  publisher: { rooms: without(before("publisher"), "listener") },
  operator: { rooms: before("operator") },
  block: { rooms: before("block") },
  state: { rooms: core },
  pipeline: { rooms: [...core, "state"] },
  config: { rooms: [...core, "state", "pipeline"] },
  "config/registry.ts": {
    rooms: [...core, "state", "pipeline"],
    dynamic: ["transports/*", "formats/*", "reduction"],
  },
  cli: { rooms: [...core, "state", "pipeline", "config", "telemetry", "view"] },
  // A chunk of a file is compressed as it came, or is compressed there.
  "transports/hdf5": { rooms: ["compression", "message", "listener", "publisher"], types: ["queue"] },
  "transports/*": { rooms: ["message", "listener", "publisher"], types: ["queue"] },
  "formats/*": { rooms: ["compression", "message"] },
  reduction: { rooms: ["message", "operator"] },
  testing: { rooms: [...core, "transports/memory"] },
  telemetry: { rooms: [] },
  view: { rooms: [] },
  "index.ts": { rooms: [...core, "state", "pipeline"] },
};

/** The rooms that every file may import; they themselves import what their rows name. */
export const leaves = ["errors", "events", "time", "options", "checkup"];

/** Says whether a room is meant by an entry of a row: by its name, or by its folder's `*`. */
export function isMeant(entry, room) {
  return entry === room || (entry.endsWith("/*") && room.startsWith(entry.slice(0, -1)));
}

/** Names the room of a file, given by its path below src. */
export function roomOf(path) {
  const [first, second, ...rest] = path.split("/");
  if (second === undefined) return first === "index.ts" ? first : first.replace(/\.ts$/, "");
  return (first === "transports" || first === "formats") && rest.length > 0 ? `${first}/${second}` : first;
}

/** Finds the row of a file; undefined where the design has no such room. */
export function rowOf(path) {
  if (Object.hasOwn(rows, path)) return rows[path];
  const room = roomOf(path);
  const name = Object.keys(rows).find((entry) => isMeant(entry, room));
  return name === undefined ? undefined : rows[name];
}
