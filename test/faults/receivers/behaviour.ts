import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../support/random.js';

/** How a receiver responds. In a good mood all of them respond with 200, `slow` after 1 to 3 s. */
export const receiverKinds = [
  /** Always 200, immediately. */
  'healthy',
  /** Bad: 500. */
  'failing',
  /** Always 200, after 1 to 3 s. */
  'slow',
  /** Bad: a reset in the middle of the response, or before it. */
  'resetting',
  /** Bad: a reset at the second request of a connection. */
  'second-resetting',
  /** Bad: no response at all. */
  'hanging',
] as const;
export type ReceiverKind = (typeof receiverKinds)[number];

export interface Exchange {
  kind: ReceiverKind;
  isBad: boolean;
  ofConnection: number;
  random: Random;
}

/**
 * Responds to a request whose body has arrived. `reset`: reset the connection on purpose; `silent`: sent no response.
 */
export async function respond(
  response: ServerResponse,
  { kind, isBad, ofConnection, random }: Exchange,
): Promise<number | 'reset' | 'silent'> {
  const respondWith = (status: number, body = '') => {
    response.writeHead(status, { 'Content-Type': 'text/plain' }).end(body);
    return status;
  };
  const reset = () => {
    response.socket?.resetAndDestroy();
    return 'reset' as const;
  };
  if (kind === 'slow') {
    await delay(random.whole(1_000, 3_000));
    return respondWith(200, 'slow');
  }
  if (!isBad) return respondWith(200, 'ok');
  switch (kind) {
    case 'healthy':
      return respondWith(200, 'ok');
    case 'failing':
      return respondWith(500, 'failing for a while');
    case 'hanging':
      return 'silent';
    case 'second-resetting':
      return ofConnection > 1 ? reset() : respondWith(200, 'first of its connection');
    case 'resetting':
      if (random.chance(0.3)) return respondWith(200, 'spared');
      if (random.chance(0.5)) return reset();
      response.writeHead(200, { 'Content-Length': '1000' });
      response.write('half');
      await delay(20);
      return reset();
  }
}
