import assert from 'node:assert/strict';
import { allGenuine } from '../../faults/invariants/genuine.js';
import { limitsRespected } from '../../faults/invariants/limits-respected.js';
import { measureNeighbours } from '../../faults/invariants/neighbours.js';
import { nothingLost } from '../../faults/invariants/nothing-lost.js';
import { processesLive } from '../../faults/invariants/processes.js';
import { nothingDoubled, oneAtATime, requestsLogged } from '../../faults/invariants/requests-logged.js';
import { settingsApplied } from '../../faults/invariants/settings-applied.js';
import { makeRun, start, type MadeRun } from './evidence.js';

/** The invariants of the fault suite are useful only if they find violations, so each one is tested with one. */
describe('the invariants of the fault suite', () => {
  const violations = ({ evidence }: MadeRun) => [
    ...nothingLost(evidence).violations,
    ...requestsLogged(evidence).violations,
    ...nothingDoubled(evidence).violations,
    ...oneAtATime(evidence).violations,
    ...limitsRespected(evidence).violations,
    ...allGenuine(evidence).violations,
    ...settingsApplied(evidence),
    ...measureNeighbours(evidence).violations,
    ...processesLive(evidence).violations,
  ];
  const invariants = (run: MadeRun) => [...new Set(violations(run).map(({ invariant }) => invariant))];

  it('find nothing in a run without violations', () => {
    const run = makeRun({ perMinute: 2, role: 'neighbour' });
    for (const atMs of [1_000, 40_000, 61_001]) run.deliver(atMs);
    assert.deepEqual(violations(run), []);
    assert.equal(allGenuine(run.evidence).checked, 3);
  });

  describe('lost', () => {
    it('find a delivery that Postgres does not have', () => {
      const run = makeRun();
      const { delivery } = run.deliver(0);
      run.evidence.deliveries.delete(delivery.id);
      assert.ok(invariants(run).includes('lost'));
    });

    it('find a subscribed webhook that was left out', () => {
      const run = makeRun();
      run.deliver(1_000);
      run.evidence.accepted[0]!.deliveries.length = 0;
      assert.deepEqual(invariants(run), ['lost']);
    });

    it('find "delivered" where no receiver answered 2xx', () => {
      const run = makeRun();
      const { request } = run.deliver(0);
      request.status = 500;
      assert.ok(invariants(run).includes('lost'));
    });

    for (const status of ['pending', 'held']) {
      it(`find a delivery that is still ${status}`, () => {
        const run = makeRun();
        run.deliver(0).delivery.status = status;
        assert.deepEqual(invariants(run), ['stuck']);
      });
    }

    it('find a cancelled delivery of a webhook that was not deleted', () => {
      const run = makeRun();
      run.deliver(0).delivery.status = 'cancelled';
      assert.deepEqual(invariants(run), ['lost']);
    });
  });

  describe('requests and rows', () => {
    it('do not count a request towards an earlier attempt that sent none', () => {
      const run = makeRun();
      const { delivery, attempt, request } = run.deliver(16_000);
      Object.assign(attempt, { number: 2 });
      Object.assign(request, { attempt: 2 });
      run.evidence.attempts.unshift({
        ...attempt,
        number: 1,
        startedAt: start,
        durationMs: 15_000,
        statusCode: null,
        errorClass: 'timeout',
      });
      delivery.attemptCount = 2;
      assert.deepEqual(violations(run), []);
      assert.equal(requestsLogged(run.evidence).withoutRequest, 1);
    });

    it('find a second request within one attempt', () => {
      const run = makeRun();
      const { delivery, attempt, request } = run.deliver(0);
      Object.assign(request, { end: 'reset', status: undefined, endedAt: request.beganAt + 1 });
      attempt.durationMs = 30;
      run.request(delivery, 5);
      assert.deepEqual(invariants(run), ['unlogged']);
    });

    it('excuse a request only if its sender was killed before it could record it', () => {
      const run = makeRun();
      const { delivery } = run.deliver(20_000);
      run.request(delivery, 0, { end: 'closed' });
      assert.deepEqual(invariants(run), ['unlogged']);
      Object.assign(run.sender, { endedAt: start + 5, end: 'fault' });
      assert.deepEqual(invariants(run), []);
      assert.equal(requestsLogged(run.evidence).unlogged.explained.kill, 1);
      run.sender.endedAt = start + 19_000;
      assert.deepEqual(invariants(run), ['unlogged']);
    });

    it('excuse it even if its record had to wait for Postgres until the kill', () => {
      const run = makeRun();
      const { delivery } = run.deliver(40_000);
      run.request(delivery, 0, { end: 'closed' });
      Object.assign(run.sender, { endedAt: start + 12_000, end: 'fault' });
      assert.deepEqual(invariants(run), ['unlogged']);
      const fault = {
        number: 1,
        kind: 'kill',
        target: 'postgres',
        beganAt: start - 10,
        endedAt: start + 9_000,
      } as const;
      run.timeline.faults.push({ ...fault, readyAt: start + 10_000 });
      assert.deepEqual(invariants(run), []);
    });

    it('do not excuse a process because another one was killed', () => {
      const run = makeRun();
      const { delivery } = run.deliver(20_000);
      run.request(delivery, 0, { end: 'closed' });
      const other = { name: 'worker-2', number: 1, pid: 1, startedAt: start, frozen: [] };
      run.timeline.lives.push({ ...other, endedAt: start + 5, end: 'fault' });
      assert.deepEqual(invariants(run), ['unlogged']);
    });

    it('find an attempt that contradicts the receiver', () => {
      const run = makeRun();
      Object.assign(run.deliver(0).attempt, { statusCode: null, errorClass: 'timeout' });
      assert.deepEqual(invariants(run), ['misjudged']);
    });

    it('find a response in the log that no receiver gave', () => {
      const run = makeRun();
      const { delivery } = run.deliver(0);
      run.attempt(delivery, 5_000, { number: 2 });
      assert.deepEqual(invariants(run), ['attempt without request']);
    });
  });

  describe('doubled', () => {
    const sentAgain = () => {
      const run = makeRun();
      const { delivery } = run.deliver(0);
      run.request(delivery, 9_000, { attempt: 2 });
      run.attempt(delivery, 9_000, { number: 2 });
      return { run, delivery };
    };

    it('find a request that is sent again after a 2xx', () => {
      assert.deepEqual(invariants(sentAgain().run), ['doubled']);
    });

    it('excuse it if the sender was frozen meanwhile', () => {
      const { run } = sentAgain();
      run.sender.frozen.push({ from: start + 5, to: start + 15_000 });
      assert.deepEqual(invariants(run), []);
      assert.equal(nothingDoubled(run.evidence).explained.stop, 1);
    });

    it('allow one that was requested by hand, and only that one', () => {
      const { run, delivery } = sentAgain();
      const retry = {
        deliveryId: delivery.id,
        force: true,
        startedAt: start + 8_000,
        endedAt: start + 8_010,
        status: 202,
      };
      run.evidence.actions.retries.push(retry);
      assert.deepEqual(invariants(run), []);
      run.request(delivery, 20_000, { attempt: 3 });
      run.attempt(delivery, 20_000, { number: 3 });
      assert.deepEqual(invariants(run), ['doubled']);
    });

    it('find two open requests of one delivery', () => {
      const run = makeRun();
      const { delivery, request, attempt } = run.deliver(0);
      Object.assign(request, { endedAt: start + 2_000, status: 500 });
      Object.assign(attempt, { statusCode: 500, durationMs: 2_010, errorClass: 'http_status' });
      run.request(delivery, 1_000, { attempt: 2 });
      run.attempt(delivery, 1_000, { number: 2 });
      assert.deepEqual(invariants(run), ['two at once']);
    });
  });

  describe('limits', () => {
    it('find one request more than the limit allows in any 60 s', () => {
      const run = makeRun({ perMinute: 2 });
      for (const atMs of [1_000, 30_000, 60_999]) run.deliver(atMs);
      assert.deepEqual(invariants(run), ['limit']);
    });

    it('allow what the higher of two limits allows while the limit changes', () => {
      const run = makeRun({ perMinute: 2 });
      for (const atMs of [1_000, 30_000, 60_999]) run.deliver(atMs);
      run.webhook.limits.push({ value: 3, startedAt: start + 60_000, endedAt: start + 60_100, isUnsure: false });
      assert.deepEqual(invariants(run), []);
    });
  });

  describe('genuine', () => {
    it('find a changed body and a signature that fits no secret', () => {
      const run = makeRun();
      run.evidence.bodies = new Map([['hash', '{"event":"another"}']]);
      run.deliver(0);
      assert.deepEqual(invariants(run), ['genuine']);
    });

    it('find the use of a secret that was replaced long before', () => {
      const run = makeRun();
      run.deliver(60_000);
      const rotated = { value: 'whsec_AAAA', startedAt: start + 10_000, endedAt: start + 10_010, isUnsure: false };
      run.webhook.secrets.push({ ...rotated, overlapMs: 0 });
      assert.deepEqual(invariants(run), ['genuine']);
    });

    it('find a different webhook-id at a later attempt', () => {
      const run = makeRun();
      const { delivery, request, attempt } = run.deliver(0);
      Object.assign(request, { status: 500 });
      Object.assign(attempt, { statusCode: 500, errorClass: 'http_status' });
      run.request(delivery, 1_000, { attempt: 2, messageId: 'another' });
      run.attempt(delivery, 1_000, { number: 2 });
      assert.deepEqual(invariants(run), ['genuine']);
    });
  });

  describe('settings', () => {
    it('find requests to a paused webhook', () => {
      const run = makeRun();
      run.webhook.enabled.push({ value: false, startedAt: start + 1_000, endedAt: start + 1_010, isUnsure: false });
      run.deliver(2_000);
      assert.deepEqual(invariants(run), [], 'it was under way');
      run.deliver(30_000);
      assert.deepEqual(invariants(run), ['settings']);
    });

    it('find requests to a deleted webhook', () => {
      const run = makeRun();
      run.deliver(30_000);
      run.webhook.deleted = { startedAt: start + 1_000, endedAt: start + 1_010 };
      assert.deepEqual(invariants(run), ['settings']);
    });

    it('find a webhook that was disabled by the 410 of an earlier url', () => {
      const receivers = [
        { name: 'a', kind: 'healthy' as const },
        { name: 'b', kind: 'healthy' as const },
      ];
      const run = makeRun({ receivers });
      const { request, attempt, delivery } = run.deliver(0);
      Object.assign(request, { receiver: 'a', status: 410, endedAt: start + 3_000 });
      Object.assign(attempt, { statusCode: 410, durationMs: 3_010, errorClass: 'http_status' });
      delivery.status = 'failed';
      const disabled = {
        seenAt: start + 5_000,
        reason: 'gone',
        disabledAt: start + 3_010,
        url: 'http://127.0.0.1:1/hook',
      };
      run.webhook.disabled.push(disabled);
      assert.deepEqual(invariants(run), []);
      const moved = {
        value: 'http://127.0.0.1:2/hook',
        startedAt: start + 1_000,
        endedAt: start + 1_010,
        isUnsure: false,
      };
      run.webhook.urls.push(moved);
      assert.deepEqual(invariants(run), ['disabled']);
    });
  });

  it('find an untouched webhook that waited although no fault was active', () => {
    const run = makeRun({ role: 'neighbour' });
    run.deliver(301_000);
    Object.assign(run.evidence.accepted[0]!, { sentAt: start, acceptedAt: start });
    assert.deepEqual(invariants(run), ['neighbour waited']);
    const fault = {
      number: 1,
      kind: 'stop',
      target: 'temporal',
      beganAt: start + 20_000,
      endedAt: start + 40_000,
    } as const;
    run.timeline.faults.push({ ...fault, readyAt: start + 40_000 });
    assert.deepEqual(invariants(run), []);
  });

  it('find a process that ended by itself, unless it started while Postgres was away', () => {
    const run = makeRun();
    const life = {
      name: 'worker-2',
      number: 1,
      pid: 2,
      startedAt: start,
      endedAt: start + 2_000,
      frozen: [],
      lastLines: '',
    };
    run.timeline.lives.push({ ...life, end: 'itself' });
    assert.deepEqual(invariants(run), ['ended by itself']);
    const fault = { number: 1, kind: 'kill', target: 'postgres', beganAt: start, endedAt: start + 5_000 } as const;
    run.timeline.faults.push({ ...fault, readyAt: start + 6_000 });
    assert.deepEqual(invariants(run), []);
  });

  it('find a stop that takes longer than documented', () => {
    const run = makeRun();
    Object.assign(run.sender, { end: 'drained', drainMs: 41_000, endedAt: start + 41_000 });
    assert.deepEqual(invariants(run), ['drain']);
  });
});
