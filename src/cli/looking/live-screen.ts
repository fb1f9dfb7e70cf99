import { text } from "../../errors.ts";
import { depthOf } from "../drawing/palette.ts";
import { Terminal } from "../drawing/terminal.ts";
import type { Io } from "../io.ts";
import { saveMessage } from "./saved-message.ts";
import { type LookState, lookLines } from "./screen.ts";
import type { Session } from "./session.ts";

/** How often the screen is drawn; drawing takes its time from receiving. */
const FRAME_MS = 200;
/** Old notes would hide what is new. */
const NOTE_MS = 5000;
const CTRL_C = "\u0003";

/** Shows a session on the whole terminal until `q`, a signal, or the end of the stream. */
export async function showLive(
  session: Session,
  { url, silence }: { readonly url: string; readonly silence: (nowMs: number) => string | undefined },
  io: Io,
): Promise<void> {
  const leave = new AbortController();
  const end = (): void => leave.abort();
  const depth = depthOf(io.env, io.hasColours);
  let view: Pick<LookState, "scale" | "merge"> = { scale: "log", merge: "mean" };
  let note: { readonly text: string; readonly untilMs: number } | undefined;
  const say = (words: string): void => {
    note = { text: words, untilMs: performance.now() + NOTE_MS };
  };
  let failure: unknown;
  let isOver = false;
  /** What has ended by itself, as a recording does, stays on the screen. */
  const watch = (work: Promise<unknown>): void => {
    work.then(
      () => {
        isOver = true;
      },
      (error: unknown) => {
        failure = error;
        end();
      },
    );
  };

  const save = async (): Promise<void> => {
    const message = session.observer?.shown;
    if (message === undefined) return say("there is no message yet");
    try {
      say(`written: ${(await saveMessage(message, io.cwd)).join(", ")}`);
    } catch (error) {
      say(`not written: ${text(error)}`);
    }
  };
  const onKey = (key: string): void => {
    const { observer } = session;
    if (key === "q" || key === CTRL_C) {
      end();
      return;
    }
    if (key === "l") view = { ...view, scale: view.scale === "log" ? "lin" : "log" };
    if (key === "m") view = { ...view, merge: view.merge === "mean" ? "max" : "mean" };
    if (key === " " && observer !== undefined) observer.isPaused = !observer.isPaused;
    if (key === "s") observer?.step();
    if (key === "w") void save().then(draw);
    draw();
  };

  const terminal = new Terminal(io, onKey);
  function draw(): void {
    const nowMs = performance.now();
    const { observer, source } = session;
    const kept = note !== undefined && nowMs < note.untilMs ? note.text : undefined;
    const shownNote = kept ?? (isOver ? "the stream has ended; q quits" : silence(nowMs));
    terminal.draw(
      lookLines(
        { url, observer, ...session.rates(nowMs), messages: source.messages, note: shownNote, ...view, depth },
        io.size(),
      ),
    );
  }
  const timer = setInterval(draw, FRAME_MS);
  io.signal.addEventListener("abort", end, { once: true });
  try {
    if (io.signal.aborted) return;
    draw();
    watch(session.source.ended);
    const recognised = session.recognised(leave.signal);
    recognised.then(
      (observer) => observer !== undefined && watch(observer.finished),
      (error: unknown) => {
        failure = error;
        end();
      },
    );
    await new Promise<void>((resolve) => leave.signal.addEventListener("abort", () => resolve(), { once: true }));
  } finally {
    clearInterval(timer);
    io.signal.removeEventListener("abort", end);
    terminal[Symbol.dispose]();
  }
  if (failure !== undefined) throw failure;
}
