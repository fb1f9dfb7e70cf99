import { describe } from "vitest";
import { odinCodec } from "../../src/formats/odin/index.ts";
import { detectorHostilityTests, detectorVectorTests } from "./detector-vectors.ts";
describe("odin - vectors", () => {
  detectorVectorTests(odinCodec, { reasons: {}, unnumbered: true });
});
describe("odin - hostile bytes", () => {
  detectorHostilityTests(odinCodec);
});
