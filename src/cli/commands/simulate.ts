import { Block } from "../../block/block.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Command } from "../command.ts";
import { print, written } from "../io.ts";
import { formatNamed, publisherAt } from "../parts.ts";
import { type DispatcherServer, serveDispatcher } from "../simulating/dispatcher.ts";
import { ReplyPublisher } from "../simulating/reply-publisher.ts";
import { replyPublisherAt } from "../simulating/reply-socket.ts";
import { RingImages } from "../simulating/ring-images.ts";
import { SimulationListener } from "../simulating/simulation-listener.ts";
import {
  dispatchingOf,
  endOf,
  optionsOf,
  PIXELS,
  SHAPE,
  SOCKETS,
  sceneOf,
  socketOf,
  systemOf,
  URL,
} from "../simulating/simulation-options.ts";
import { SYSTEMS, type SystemSocket } from "../simulating/systems.ts";

/** How long a reader may be missed before it is told. */
const TELL_MS = 1000;
/** A detector that is switched off does not wait long for readers that are gone. */
const DRAIN_MS = 2000;

/** `arroyo simulate`. */
export const command: Command = {
  usage: "FORMAT [options]",
  about:
    "Sends runs of images with diffraction rings, noise and hot pixels as the system of that format does, over the kind\n" +
    "of socket that it has. The images are the same ones for a seed; the answer, which an analysis should find, is\n" +
    "printed, and stands in the stream where the format has a place for it. Waits for a reader.\n" +
    listOfFormats(),
  examples: [
    { line: "arroyo simulate dectris-v2 --bind tcp://127.0.0.1:31001", does: "a DECTRIS detector, which pushes" },
    { line: "arroyo simulate timepix --bind tcp://*:5657 --rate 2 --shape 256,256", does: "a Timepix detector" },
    { line: "arroyo simulate karabo-bridge --frames 1000", does: "a bridge that is asked for each train" },
    { line: "arroyo simulate bluesky-zmq --connect tcp://127.0.0.1:5567", does: "documents for a proxy" },
  ],
  options: {
    bind: { type: "string", value: "URL", description: `where readers connect to; default ${URL}` },
    connect: { type: "string", value: "URL", description: "connect to a reader or a proxy that waits there, instead" },
    rate: { type: "string", value: "HZ", description: "frames per second; default 10" },
    frames: { type: "string", value: "N", description: "frames of a run; default 100" },
    runs: { type: "string", value: "N", description: "runs, one after the other; 0 for no end; default 1" },
    shape: { type: "string", value: "H,W", description: `rows and columns; default ${SHAPE}` },
    dtype: { type: "string", value: "TYPE", choices: PIXELS, description: "the type of the pixels" },
    compression: { type: "string", value: "NAME", description: "how images are compressed, as the format names it" },
    seed: { type: "string", value: "N", description: "other images; default 1" },
    socket: { type: "string", value: "KIND", choices: SOCKETS, description: "default that of the real system" },
    dispatcher: { type: "string", value: "PORT", description: "answer there as a dispatcher; only bsread has one" },
    options: { type: "string", value: "JSON", description: "options of the format, as in a configuration" },
    "no-wait": { type: "boolean", description: "begin also when nobody reads; only with pub" },
    json: { type: "boolean", description: "print where it sends and the answer, and at the end the account, as JSON" },
  },
  positionals: { min: 1, max: 1 },
  stopsItself: true,
  outlivesOutput: true,
  async run(args, io) {
    const format = args.positionals[0] as string;
    const system = systemOf(format);
    const socket = socketOf(args, format, system);
    const scene = sceneOf(args, format, system);
    const options = optionsOf(args, format, system);
    const codec = await formatNamed(format, options);
    const dispatching = dispatchingOf(args, format, system, options);
    const { end, waits } = endOf(args, socket);
    const publisher =
      socket === "rep"
        ? replyPublisherAt(end, codec)
        : await publisherAt(
            { ...end, shares: socket === "push" },
            { codec, stream: format, waits },
            { command: "simulate", cwd: io.cwd },
          );
    const images = new RingImages({ shape: scene.shape, dtype: scene.dtype, seed: scene.seed });
    const { answer } = images;
    const runs = args.number("runs", { min: 0, integer: true }) ?? 1;
    const listener = new SimulationListener({ system, images, runs, scene: { ...scene, answer } });
    const block = new Block<AnyMessage, AnyMessage>({
      name: "simulate",
      listeners: [listener],
      publishers: [publisher],
      drainMs: DRAIN_MS,
    });
    const where = (): string => (publisher.endpoints ?? []).join(", ") || end.url;
    const isJson = args.flag("json");
    const note = async (words: string): Promise<void> => {
      if (!args.flag("quiet")) await written(io.stderr, `arroyo: simulate: ${words}\n`);
    };
    const stop = (): void => {
      if (publisher instanceof ReplyPublisher) publisher.end();
      void block.stop();
    };
    const abandon = (): void => void block.stop({ abandon: true });
    io.signal.addEventListener("abort", stop, { once: true });
    io.forced.addEventListener("abort", abandon, { once: true });
    block.on("warning", ({ message }) => void note(message));
    const place = system.answerIn === undefined ? "not in the stream" : `in the stream: ${system.answerIn}`;
    await note(`centre ${answer.centre.join(", ")}; radii ${answer.radii.join(", ")} (${place})`);
    const opened = toldOnceBound(
      () => publisher.endpoints ?? [],
      async (endpoints) => {
        const beside = dispatcher === undefined ? {} : { dispatcher: dispatcher.url };
        if (isJson) await print(io, JSON.stringify({ format, socket, endpoints, answer, ...beside }));
      },
    );
    let dispatcher: DispatcherServer | undefined;
    const told = setTimeout(() => {
      if (block.account.publishedEvents > 0) return;
      void note(`waits for a reader at ${where()}; ${hint(where(), socket)}`);
    }, TELL_MS);
    try {
      if (dispatching !== undefined) {
        dispatcher = await serveDispatcher({ ...dispatching, socket, stream: () => publisher.endpoints?.[0] });
        await note(`the dispatcher of ${dispatching.channels.join(", ")} is at ${dispatcher.url}`);
      }
      await block.start();
      // Whoever subscribes was waited for; the others are waited for by each message.
      if (socket === "pub") clearTimeout(told);
      await opened.now();
      const account = io.signal.aborted ? await block.stop() : await block.finished;
      if (isJson) await print(io, JSON.stringify(account));
      else await note(`${account.publishedEvents} events sent`);
      return account.left > 0 ? 3 : 0;
    } finally {
      clearTimeout(told);
      opened.end();
      io.signal.removeEventListener("abort", stop);
      io.forced.removeEventListener("abort", abandon);
      await block.stop();
      await dispatcher?.close();
    }
  },
};

/** Names the formats on lines that are not too long. */
function listOfFormats(): string {
  const names = Object.keys(SYSTEMS);
  const half = Math.ceil(names.length / 2);
  return `formats: ${names.slice(0, half).join(", ")},\n         ${names.slice(half).join(", ")}`;
}

function hint(where: string, socket: SystemSocket): string {
  if (socket === "rep") return `see it with: arroyo look ${where} --ask next`;
  return `see it with: arroyo look ${where}${socket === "push" ? " --pull" : ""}`;
}

/** Calls back when the addresses are known: with a port that was chosen they are only after opening, which may wait. */
function toldOnceBound(
  endpoints: () => readonly string[],
  tell: (endpoints: readonly string[]) => Promise<void>,
): { now(): Promise<void>; end(): void } {
  let isTold = false;
  const now = async (): Promise<void> => {
    if (isTold || endpoints().length === 0) return;
    isTold = true;
    await tell(endpoints());
  };
  const timer = setInterval(() => void now(), 20);
  return { now, end: () => clearInterval(timer) };
}
