import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { verifySignature } from '../../delivery/signature.js';

export interface ReceivedDelivery {
  path: string;
  event: string;
  eventId: string;
  attempt: number;
  isVerified: boolean;
  status: number;
  body: string;
}

export interface DemoReceiver {
  url: string;
  /** Path to the secret that verifies its requests. */
  secrets: Map<string, string>;
  /** Path to its status code for the n-th request, from 1; default 200. */
  statuses: Map<string, (n: number) => number>;
  /** In order of arrival. */
  received: readonly ReceivedDelivery[];
  close(): Promise<void>;
}

/** A tenant's server: verifies every request's signature over the raw body, and responds as configured. */
export async function startDemoReceiver(onReceived: (delivery: ReceivedDelivery) => void): Promise<DemoReceiver> {
  const secrets = new Map<string, string>();
  const statuses = new Map<string, (n: number) => number>();
  const counts = new Map<string, number>();
  const received: ReceivedDelivery[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const rawBody = await text(request);
      const path = request.url ?? '/';
      const n = (counts.get(path) ?? 0) + 1;
      counts.set(path, n);
      const header = (name: string) => String(request.headers[name] ?? '');
      const isVerified = verifySignature({
        rawBody,
        signature: header('x-irisx-signature'),
        timestamp: header('x-irisx-timestamp'),
        secret: secrets.get(path) ?? '',
      });
      const status = isVerified ? (statuses.get(path)?.(n) ?? 200) : 401;
      const delivery = {
        path,
        event: header('x-irisx-event'),
        eventId: header('x-irisx-event-id'),
        attempt: Number(header('x-irisx-attempt')),
        isVerified,
        status,
        body: rawBody,
      };
      received.push(delivery);
      onReceived(delivery);
      response.writeHead(status, { 'Content-Type': 'text/plain' }).end(status === 200 ? 'thank you' : 'not today');
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    statuses,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
