export type { ZmqCurve, ZmqCurveClient, ZmqCurveServer } from "./curve.ts";
export type { ZmqDispatcher } from "./dispatcher.ts";
export type { ZmqEnds, ZmqOptions } from "./ends.ts";
export type { ZmqListenerOptions } from "./listener-options.ts";
export { openSocket, type ZmqSocketOptions } from "./open-socket.ts";
export type { ZmqPlain, ZmqPlainClient, ZmqPlainServer } from "./plain.ts";
export { ZmqListener } from "./zmq-listener.ts";
export { ZmqPublisher, type ZmqPublisherOptions } from "./zmq-publisher.ts";
export { type ZmqFrames, ZmqSocket, type ZmqSocketType, type ZmqWaiting } from "./zmq-socket.ts";
