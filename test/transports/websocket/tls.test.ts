import { expect, test } from "vitest";
import { isRetryable } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { WebSocketListener } from "../../../src/transports/websocket/websocket-listener.ts";
import { WebSocketPublisher } from "../../../src/transports/websocket/websocket-publisher.ts";

/** Made for this test alone; nobody trusts it. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUKIL3HCRLu8gR/uQOqhf2yBLaP24wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjAxMzUxM1oYDzIxMjYxMDI5
MDEzNTEzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR6dNeisrS5zm6MPcIWNq+u4FZhIJ1sEGOfVCynR5+i/q503tppYA2v
dr/9tiK8kX/Uo3PWyQ7VjRJS0oxg4Sv9o28wbTAdBgNVHQ4EFgQUyFhw8f26BvA4
zy9eOItsd8kRDgIwHwYDVR0jBBgwFoAUyFhw8f26BvA4zy9eOItsd8kRDgIwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgTSb37jgob7bPrhi0YxknUYGVkKoLCyPSf/iobyoT17ECIQDL
juOhN2TCkmRvJleQqqGtoBx+zdiYtyJzVKjDGes/NQ==
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmTwkOhy3xmq2pZC2
BZtoKXZBgbtPIYc9dRTmnOtV3p2hRANCAAR6dNeisrS5zm6MPcIWNq+u4FZhIJ1s
EGOfVCynR5+i/q503tppYA2vdr/9tiK8kX/Uo3PWyQ7VjRJS0oxg4Sv9
-----END PRIVATE KEY-----
`;
const never = new AbortController().signal;

test("tls - wss is served to who trusts the certificate; to others that is a mistake", async () => {
  const publisher = new WebSocketPublisher({ port: 0, tls: { cert, key: Buffer.from(key) }, token: "t" });
  await publisher.open(never);
  const url = publisher.endpoint as string;
  expect(url).toMatch(/^wss:/);
  const stop = new AbortController();
  const listener = new WebSocketListener({ url, token: "t", tls: { ca: cert } });
  const inlet = new RecordingInlet(listener.codec);
  const ended = listener.start(inlet, stop.signal);
  await until(() => publisher.clients.length === 1, "the client");
  publisher.publish(new Event({ n: 1 }, Uint8Array.of(1)));
  await until(() => inlet.taken.length === 1, "the event");
  const error = await new WebSocketListener({ url, token: "t" }).start(new RecordingInlet(listener.codec), never).then(
    () => expect.fail("a certificate that nobody trusts was taken"),
    (thrown) => thrown,
  );
  expect(error.message).toMatch(/cannot connect: .*self.signed/);
  expect(isRetryable(error)).toBe(false);
  stop.abort();
  await ended;
  await publisher.close();
});

test("tls - what is no key is refused when it opens", async () => {
  const publisher = new WebSocketPublisher({ port: 0, tls: { cert, key: "nonsense" } });
  await expect(publisher.open(never)).rejects.toThrow(/tls: .*give cert and key in PEM/);
});
