import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { ReadingTurns, readInTurns } from '../../../src/delivery/read-in-turns.js';
import { ReceivedBytes } from '../../../src/delivery/received-bytes.js';

const kilobyte = 1024;

/** A socket that has already received `bytes`, read like undici reads: everything, at each `readable`. */
function startReading(bytes: number, turns: ReadingTurns, read: number[]): { socket: Socket; hasEnded: () => boolean } {
  const stream = new Readable({ read() {}, highWaterMark: 16 * kilobyte });
  const socket = Object.assign(stream, { bytesRead: 0 }) as unknown as Socket;
  readInTurns(socket, new ReceivedBytes(socket), turns);
  socket.on('readable', () => {
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      read.push(chunk.length);
    }
  });
  let hasEnded = false;
  socket.once('end', () => (hasEnded = true));
  stream.push(Buffer.alloc(bytes));
  stream.push(null);
  return { socket, hasEnded: () => hasEnded };
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);

describe('reading in turns', () => {
  it('lets one connection read 16 KB per turn of the event loop, in order, until the end', async () => {
    const turns = new ReadingTurns();
    const reads: number[][] = [[], [], []];
    const sockets = reads.map((read) => startReading(100 * kilobyte, turns, read));
    await new Promise((resolve) => process.nextTick(resolve));
    assert.deepEqual(
      reads.map(sum),
      [16, 16, 16].map((n) => n * kilobyte),
      'at once',
    );
    const perTurn: number[] = [];
    while (perTurn.length < 1000 && !sockets.every(({ hasEnded }) => hasEnded())) {
      const before = sum(reads.flat());
      await new Promise((resolve) => setImmediate(resolve));
      perTurn.push(sum(reads.flat()) - before);
    }
    assert.deepEqual(
      reads.map(sum),
      [100, 100, 100].map((n) => n * kilobyte),
    );
    assert.ok(Math.max(...perTurn) <= 16 * kilobyte, perTurn.join());
  });

  it('does not call a connection that was closed while it waited', async () => {
    const turns = new ReadingTurns();
    const read: number[] = [];
    const { socket } = startReading(100 * kilobyte, turns, read);
    await new Promise((resolve) => process.nextTick(resolve));
    socket.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(sum(read), 16 * kilobyte);
  });
});
