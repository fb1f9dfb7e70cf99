// None of these compiles. What stands after "--" has to be in the compiler's message.
import { Block, compose, Event, NdArray, Start } from "arroyojs";
import { drive } from "arroyojs/testing";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import * as parts from "./parts.ts";

const name = "pairs";
const listeners = [new parts.Detector()];
const operator = new parts.MeanOf();
const connect = "tcp://127.0.0.1:1";

// An element type that the operator does not take.
// @ts-expect-error -- payload "int32" "uint16"
new Block({ name, listeners: [new parts.SignedDetector()], operator });

// Bytes for an operator of arrays.
// @ts-expect-error -- payload Uint8Array NdArray
new Block({ name, listeners: [new parts.RawDetector()], operator, publishers: [new parts.MeanFile()] });

// Data of the Start of another type.
// @ts-expect-error -- data.energy string number
new Block({ name, listeners: [new parts.TextEnergy()], operator });

// Metadata of another type.
// @ts-expect-error -- metadata.frame string number
new Block({ name, listeners: [new parts.TextFrame()], operator });

// Metadata without a key that the operator needs.
// @ts-expect-error -- metadata frame
new Block({ name, listeners: [new parts.Unnumbered()], operator });

// A listener of unknown contents for an operator of known ones.
// @ts-expect-error -- metadata frame
new Block({ name, listeners: [new parts.Unknown()], operator });

// One listener of two.
// @ts-expect-error -- payload "int32" "uint16"
new Block({ name, listeners: [new ZmqListener({ connect }), new parts.SignedDetector()], operator });

// What `expect` gives is what the listener brings.
const expect = (): parts.Frames<parts.Scan, parts.Frame, NdArray<"int32">> => parts.start;
// @ts-expect-error -- payload "int32" "uint16"
new Block({ name, listeners: [new ZmqListener({ connect, expect })], operator });

// A listener for a function.
// @ts-expect-error -- payload "uint16" "int32"
new Block({ name, listeners, operator: (message: Event<parts.Frame, NdArray<"int32">>) => message });

// Metadata that the publisher needs and the operator does not make.
// @ts-expect-error -- metadata peak
new Block({ name, listeners, operator, publishers: [new parts.PeakFile()] });

// A payload that the publisher does not take.
// @ts-expect-error -- payload Uint8Array NdArray
new Block({ name, listeners, operator, publishers: [new parts.BytesFile()] });

// A publisher with its place in the block.
// @ts-expect-error -- metadata peak
new Block({ name, listeners, operator, publishers: [{ publisher: new parts.PeakFile(), required: false }] });

// One publisher of two.
// @ts-expect-error -- metadata peak
new Block({ name, listeners, operator, publishers: [new ZmqPublisher({ connect }), new parts.PeakFile()] });

// What a function makes, for a publisher.
// @ts-expect-error -- metadata peak
new Block({ name, listeners, operator: (message) => message, publishers: [new parts.PeakFile()] });

// Without an operator, the listener for the publisher.
// @ts-expect-error -- metadata peak
new Block({ name, listeners, publishers: [new parts.PeakFile()] });

// Without an operator, a publisher with its place in the block.
// @ts-expect-error -- metadata peak
new Block({ name, listeners, publishers: [{ publisher: new parts.PeakFile(), required: false }] });

// Two operators, of which the second takes something else.
// @ts-expect-error -- metadata mean
compose(new parts.Twice(), (message: parts.Out) => message);

// Two operators in a row that are each of frames to means.
// @ts-expect-error -- payload "float64" "uint16"
compose(new parts.MeanOf(), new parts.MeanOf());

// A message that the driven operator does not take.
// @ts-expect-error -- data.energy string number
void drive(operator, [new Start({ energy: "high" })]);

// An array that the driven operator does not take.
// @ts-expect-error -- payload "int32" "uint16"
void drive(operator, [new Event({ frame: 1 }, new NdArray(new Int32Array(1)))]);

// A listener added while the block runs.
// @ts-expect-error -- payload "int32" "uint16"
void operator.addListener(new parts.SignedDetector());

// A publisher added while the block runs.
// @ts-expect-error -- metadata peak
void operator.addPublisher(new parts.PeakFile());

// An option that does not exist.
// @ts-expect-error -- maxMesages
new Block({ name, listeners, maxMesages: 1 });

// A value that an option does not have.
// @ts-expect-error -- "drop" "drop-newest"
new Block({ name, listeners, overflow: "drop" });
