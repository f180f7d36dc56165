import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import type { Clock } from '@sinonjs/fake-timers';
import { createLogger } from '../../../src/log.js';
import { keepRunning, NotYetError, type KeptRunning, type Life } from '../../../src/temporal/keep-running.js';
import { installClock } from '../../support/fake-clock.js';

const log = createLogger({ level: 'silent', format: 'json' });

describe('keepRunning', () => {
  let clock: Clock;
  let kept: KeptRunning | undefined;
  let opened: { end: (reason: unknown) => void; isStopped: boolean }[];
  let downs: { reason: unknown; retryInMs: number }[];
  let ups: number;

  beforeEach(() => {
    clock = installClock({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    opened = [];
    downs = [];
    ups = 0;
  });
  afterEach(async () => {
    await kept?.stop();
    clock.uninstall();
  });

  const turns = async () => {
    for (let n = 0; n < 5; n++) await soon();
  };
  const tick = async (ms: number) => {
    clock.tick(ms);
    await turns();
  };

  function live({ isFreed = true } = {}): Life {
    let end!: (reason: unknown) => void;
    const ended = new Promise<unknown>((resolve) => (end = resolve));
    const state = { end, isStopped: false };
    opened.push(state);
    return {
      ended,
      stop: () => {
        state.isStopped = true;
        return Promise.resolve(isFreed);
      },
    };
  }

  function keep(open: (signal: AbortSignal) => Promise<Life | undefined>) {
    kept = keepRunning({
      open,
      log,
      onUp: () => ups++,
      onDown: (reason, retryInMs) => downs.push({ reason, retryInMs }),
      backoffMs: { first: 1_000, max: 60_000 },
    });
    return kept;
  }

  it('starts again after an end, once the old one has stopped cleanly', async () => {
    const { ready } = keep(() => Promise.resolve(live()));
    await ready;
    assert.equal(kept!.downReason, undefined);
    opened[0]!.end(new Error('polls were refused'));
    await turns();
    assert.deepEqual([opened[0]!.isStopped, kept!.downReason, opened.length], [true, 'polls were refused', 1]);
    await tick(1_300);
    assert.deepEqual([opened.length, ups, kept!.downReason], [2, 2, undefined]);
  });

  it('waits longer each time that it ends soon, up to a limit, but not after a long run', async () => {
    keep(() => Promise.resolve(live()));
    await turns();
    const next = async (afterMs = 0) => {
      await tick(afterMs);
      opened.at(-1)!.end(new Error('no'));
      await turns();
      await tick(75_000);
      return downs.at(-1)!.retryInMs;
    };
    const about = (retryInMs: number, expectedMs: number) =>
      assert.ok(retryInMs >= expectedMs * 0.8 && retryInMs <= expectedMs * 1.2, `${retryInMs} ms, about ${expectedMs}`);
    for (const expectedMs of [1_000, 2_000, 4_000]) about(await next(), expectedMs);
    for (let n = 0; n < 5; n++) await next();
    about(await next(), 60_000);
    about(await next(130_000), 1_000);
  });

  it('retries often while it cannot start', async () => {
    let tries = 0;
    keep(() => {
      tries++;
      return Promise.reject(new NotYetError('away'));
    });
    for (let n = 0; n < 60; n++) await tick(1_000);
    assert.ok(tries >= 10, `${tries} in a minute`);
    assert.ok(downs.every(({ retryInMs }) => retryInMs <= 6_000));
    assert.equal(kept!.downReason, 'away');
  });

  it('reports `spent` after five runs that could not be freed, and then retries rarely', async () => {
    let isSpent = false;
    void keep(() => Promise.resolve(live({ isFreed: false }))).spent.then(() => (isSpent = true));
    await turns();
    for (let n = 1; n <= 5; n++) {
      assert.equal(isSpent, false);
      opened.at(-1)!.end(new Error('no'));
      await turns();
      await tick(75_000);
    }
    assert.equal(isSpent, true);
    opened.at(-1)!.end(new Error('no'));
    await turns();
    const count = opened.length;
    await tick(400_000);
    assert.equal(opened.length, count);
    await tick(400_000);
    assert.equal(opened.length, count + 1);
  });

  it('can be stopped during a start, and then stops what that start opened', async () => {
    let begin!: (life: Life) => void;
    keep(() => new Promise((resolve) => (begin = resolve)));
    await kept!.stop();
    begin(live());
    await turns();
    assert.equal(opened[0]!.isStopped, true);
    assert.equal(ups, 0);
    await kept!.ready;
  });

  it('can be stopped during a backoff, and does not start again', async () => {
    keep(() => Promise.resolve(live()));
    await turns();
    opened[0]!.end(new Error('no'));
    await turns();
    await kept!.stop();
    await tick(100_000);
    assert.equal(opened.length, 1);
  });
});
