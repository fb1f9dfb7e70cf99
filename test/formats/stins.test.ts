import { describe } from "vitest";
import { stinsCodec } from "../../src/formats/stins/index.ts";
import { detectorHostilityTests, detectorVectorTests } from "./detector-vectors.ts";
describe("stins - vectors", () => {
  detectorVectorTests(stinsCodec, { reasons: {} });
});
describe("stins - hostile bytes", () => {
  detectorHostilityTests(stinsCodec);
});
