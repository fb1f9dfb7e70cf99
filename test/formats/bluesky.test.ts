import { describe, expect, test } from "vitest";
import { blueskyKafka, blueskyKafkaCodec, blueskyZmq, blueskyZmqCodec } from "../../src/formats/bluesky/index.ts";
import { facilityTests } from "./facility-vectors.ts";

const json = blueskyZmq({ serializer: "json" });

describe("bluesky-zmq - vectors and hostile bytes", () => {
  facilityTests({
    format: "bluesky-zmq",
    codec: ({ serializer }) => (serializer === "json" ? json : blueskyZmqCodec),
    reasons: {},
  });
});

describe("bluesky-kafka - vectors and hostile bytes", () => {
  facilityTests({ format: "bluesky-kafka", codec: blueskyKafkaCodec, reasons: {} });
});
