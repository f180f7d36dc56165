import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import type { Clock } from '@sinonjs/fake-timers';
import { ShutdownError, type NativeConnection, type Worker } from '@temporalio/worker';
import { startLife } from '../../../src/temporal/worker-life.js';
import { installClock } from '../../support/fake-clock.js';

/** A fake of the SDK's worker: `run` makes the polls, and may or may not settle. */
class FakeWorker {
  state = 'INITIALIZED';
  readonly nativeWorker = { pollActivityTask: () => this.poll() };
  poll: () => Promise<Buffer> = () => new Promise(() => {});
  end!: (error?: Error) => void;

  async run(): Promise<void> {
    this.state = 'RUNNING';
    const ended = new Promise<void>((resolve, reject) => {
      this.end = (error) => {
        if (error) reject(error);
        else resolve();
      };
    });
    void this.#pollOn();
    await ended;
  }

  /** The SDK drops the worker at the first error, and frees it only after a shutdown. */
  async #pollOn(): Promise<void> {
    try {
      for (;;) await this.nativeWorker.pollActivityTask();
    } catch (error) {
      this.state = error instanceof ShutdownError ? 'STOPPED' : 'FAILED';
      if (this.state === 'STOPPED') this.end();
    }
  }

  getState = () => this.state;
  shutdown() {
    this.state = 'DRAINING';
    this.poll = () => Promise.reject(new ShutdownError('shut down'));
  }
}

describe('the life of workers', () => {
  let clock: Clock;
  let isClosed: boolean;
  const connection = { close: () => Promise.resolve(void (isClosed = true)) } as unknown as NativeConnection;

  beforeEach(() => {
    clock = installClock({ toFake: ['setTimeout', 'clearTimeout'] });
    isClosed = false;
  });
  afterEach(() => clock.uninstall());

  const start = (...workers: FakeWorker[]) => startLife(workers as unknown as Worker[], connection, 40_000);
  const tick = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.tick(50);
      await soon();
    }
  };

  it('ends when the first worker ends, and frees all of them', async () => {
    const workers = [new FakeWorker(), new FakeWorker()];
    workers[0]!.poll = () => Promise.reject(new Error('namespace is not found'));
    const life = start(...workers);
    assert.match(String(await life.ended), /namespace is not found/);
    const stopping = life.stop();
    workers[1]!.end();
    await tick(1_000);
    assert.equal(await stopping, true);
    assert.deepEqual([isClosed, ...workers.map(({ state }) => state)], [true, 'STOPPED', 'DRAINING']);
  });

  it("ends when a worker's state is FAILED although `run` never settles, and reports that it was not freed", async () => {
    const worker = new FakeWorker();
    const life = start(worker);
    worker.state = 'FAILED';
    await tick(1_500);
    assert.match(String(await life.ended), /FAILED/);
    const stopping = life.stop();
    await tick(11_000);
    assert.equal(await stopping, false);
  });

  it('does not wait forever for a worker that does not stop', async () => {
    const worker = new FakeWorker();
    worker.shutdown = () => {
      worker.state = 'DRAINING';
    };
    const life = start(worker);
    const stopping = life.stop();
    await tick(40_100);
    assert.equal(await stopping, false);
  });

  it('is not freed if the connection cannot be closed', async () => {
    const worker = new FakeWorker();
    const held = { close: () => Promise.reject(new Error('Workers hold a reference to it')) };
    const life = startLife([worker as unknown as Worker], held as unknown as NativeConnection, 40_000);
    worker.end();
    await life.ended;
    assert.equal(await life.stop(), false);
  });
});
