import { describe, expect, test } from "vitest";
import { arroyosasCodec } from "../../src/formats/arroyosas/index.ts";
import { goodVectors, read, expectDecoded, vectorsOf } from "./vectors.ts";
import { expectRejected } from "./hostility.ts";

describe("arroyosas - vectors", () => {
  for (const vector of vectorsOf("arroyosas")) {
    test(vector.name, () => {
      if ("kind" in vector.expect) expectDecoded(read(arroyosasCodec, vector.frames), vector.expect);
      else expectRejected(arroyosasCodec, vector.frames);
    });
  }
});
