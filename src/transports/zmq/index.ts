export type { ZmqCurve, ZmqCurveClient, ZmqCurveServer } from "./curve.ts";
export type { ZmqEnds, ZmqOptions } from "./ends.ts";
export { ZmqListener, type ZmqListenerOptions } from "./zmq-listener.ts";
export { ZmqPublisher, type ZmqPublisherOptions } from "./zmq-publisher.ts";
