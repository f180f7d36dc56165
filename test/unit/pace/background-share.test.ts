import assert from 'node:assert/strict';
import { BackgroundShare } from '../../../src/temporal/pace/background-share.js';

describe('background share', () => {
  const record = (share: BackgroundShare, durationMs: number, times: number) => {
    for (let i = 0; i < times; i++) share.record(durationMs);
  };

  it('grows while what cannot wait is as quick as alone', () => {
    const share = new BackgroundShare();
    record(share, 10, 50);
    assert.ok(share.value > 3, `${share.value}`);
  });

  it('shrinks as soon as it is not, never to nothing, and recovers', () => {
    const share = new BackgroundShare();
    record(share, 10, 50);
    record(share, 30, 100);
    assert.equal(share.value, 0.25);
    record(share, 10, 50);
    assert.ok(share.value > 1, `${share.value}`);
  });

  it('finds its balance where about one in ten is hindered', () => {
    for (const [of, grows] of [
      [20, true],
      [5, false],
    ] as const) {
      const share = new BackgroundShare();
      for (let i = 0; i < 20; i++) {
        record(share, 10, of - 1);
        record(share, 30, 1);
      }
      assert.equal(share.value > 1, grows, `${share.value} with one in ${of}`);
    }
  });

  it('learns within minutes that alone takes longer than it did', () => {
    let nowMs = 1_000;
    const share = new BackgroundShare(() => nowMs);
    share.record(10);
    record(share, 30, 20);
    for (let minute = 0; minute < 11; minute++) {
      nowMs += 60_000;
      share.record(30);
    }
    const before = share.value;
    record(share, 30, 10);
    assert.ok(share.value > before);
  });
});
