import { describe, expect, test } from "vitest";
import { timepixCodec } from "../../src/formats/timepix/index.ts";
import { goodVectors, read, expectDecoded, vectorsOf } from "./vectors.ts";
import { expectRejected } from "./hostility.ts";

describe("timepix - vectors", () => {
  for (const vector of vectorsOf("timepix")) {
    test(vector.name, () => {
      if ("kind" in vector.expect) expectDecoded(read(timepixCodec, vector.frames), vector.expect);
      else expectRejected(timepixCodec, vector.frames);
    });
  }
});
