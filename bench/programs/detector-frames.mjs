// Frames of a detector with the same curves in every process: rings, noise, a dead pixel in ten thousand.
import { createHash } from "node:crypto";
import { NdArray } from "arroyojs";
import { AzimuthalIntegration } from "arroyojs/reduction";

export const EDGE = 2048;
/** So many differ. */
export const FRAMES = 8;

/** What integrates them. */
export const integration = { centre: [EDGE / 2, EDGE / 2], bins: 1000, binPixels: 1, shape: [EDGE, EDGE] };

/** Makes the frames: 4 million counts of 32 bits each. */
export function detectorFrames() {
  let state = 1;
  const expected = Float32Array.from({ length: EDGE * EDGE }, (_, at) => {
    const radius = Math.hypot((at % EDGE) - EDGE / 2, Math.floor(at / EDGE) - EDGE / 2);
    return 2 + 30 * Math.exp(-(((radius % 200) - 100) ** 2) / 50);
  });
  return Array.from({ length: FRAMES }, () => {
    const counts = new Uint32Array(EDGE * EDGE);
    for (let at = 0; at < counts.length; at += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const noise = ((state >>> 8) / 2 ** 24 + (state & 255) / 256 - 1) * Math.sqrt(expected[at]) * 2;
      counts[at] = state % 10_007 === 0 ? 2 ** 32 - 1 : Math.max(0, Math.round(expected[at] + noise));
    }
    return new NdArray(counts, [EDGE, EDGE]);
  });
}

/** Integrates an event as the operator does it, in this thread. */
export function integrator() {
  const operator = new AzimuthalIntegration(integration);
  return (event) => operator.process(event).payload.data;
}

/** Names a curve by its bytes. */
export function nameOf(curve) {
  return createHash("sha256")
    .update(new Uint8Array(curve.buffer, curve.byteOffset, curve.byteLength))
    .digest("hex");
}
