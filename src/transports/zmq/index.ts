export type { ZmqCurve, ZmqCurveClient, ZmqCurveServer } from "./curve.ts";
export type { ZmqEnds, ZmqOptions } from "./ends.ts";
export { openSocket, type ZmqSocketOptions } from "./open-socket.ts";
export type { ZmqPlain, ZmqPlainClient, ZmqPlainServer } from "./plain.ts";
export { ZmqListener, type ZmqListenerOptions } from "./zmq-listener.ts";
export { ZmqPublisher, type ZmqPublisherOptions } from "./zmq-publisher.ts";
export { type ZmqFrames, ZmqSocket, type ZmqSocketType, type ZmqWaiting } from "./zmq-socket.ts";
