import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { startReceiver, type Handler, type ReceivedRequest, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { sendEvent } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';

const maxRetryAfterMs = 4_500;

describe('Retry-After', function () {
  this.timeout(60_000);
  let stack: Stack;
  const receivers: Receiver[] = [];
  before(async () => {
    stack = await startStack({ config: { maxRetryAfterMs } });
  });
  after(async () => {
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  interface Retried {
    requests: ReceivedRequest[];
    /** Time from each response to the next request: at least as planned, and longer on a busy machine. */
    gapsMs: number[];
    /** The exact delay that was planned for the last attempt when the failure before it was recorded. */
    plannedMs: number;
  }

  /** Delivers one event to a receiver that responds like this, until it succeeds. */
  async function deliver(respond: (index: number) => ReturnType<Handler>): Promise<Retried> {
    const answeredAt: number[] = [];
    const receiver = await startReceiver(async (_, __, index) => {
      const response = await respond(index);
      answeredAt.push(Date.now());
      return response;
    });
    receivers.push(receiver);
    const sent = await sendEvent(stack, { url: receiver.url });
    await sent.waitForEnd('delivered');
    const { webhook } = await sent.tenant.webhook(sent.webhookId);
    const { rows } = await stack.database.pool.query<{ due_at: Date }>(
      'select due_at from webhook_deliveries where id = $1',
      [sent.id],
    );
    return {
      requests: receiver.requests,
      gapsMs: receiver.requests.slice(1).map(({ at }, i) => at - answeredAt[i]!),
      plannedMs: rows[0]!.due_at.getTime() - Date.parse(webhook.last_failure_at!),
    };
  }

  function assertGaps({ gapsMs }: Retried, atLeastMs: number[]): void {
    assert.equal(gapsMs.length, atLeastMs.length);
    gapsMs.forEach((gapMs, i) => {
      assert.ok(gapMs >= atLeastMs[i]! - 5, `request ${i + 2} came ${gapMs} ms after the answer before`);
    });
  }

  const assertPlanned = ({ plannedMs }: Retried, expectedMs: number): void => {
    assert.ok(Math.abs(plannedMs - expectedMs) <= 2, `planned ${plannedMs} ms off, not ${expectedMs}`);
  };

  const failedWith = (value: string, status = 503) => ({ status, headers: { 'Retry-After': value } });

  // Null: not a valid value, or in the past. Then the delays of the schedule apply, 1 and 2 s.
  const values: [value: string, askedMs: number | null][] = [
    ['2', 2_000],
    ['3', 3_000],
    ['0', null],
    ['-3', null],
    ['+3', null],
    ['3.5', null],
    ['120junk', null],
    ['1e3', null],
    ['', null],
    ['tomorrow', null],
    ['Wed, 29 Oct 2025 12:00:00 GMT', null],
    ['2099-01-01T00:00:00Z', null],
    ['99999999999999999999', maxRetryAfterMs],
    ['Fri, 31 Dec 2099 23:59:59 GMT', maxRetryAfterMs],
  ];
  for (const [value, askedMs] of values) {
    const delaysMs = askedMs === null ? [1_000, 2_000] : [askedMs, askedMs];
    scenario(
      `field case 11: of "${value}", sent twice, delays the next attempts by ${delaysMs.join(' and ')} ms`,
      async () => {
        const retried = await deliver((index) => (index < 2 ? failedWith(value, [429, 503][index]) : 200));
        assertGaps(retried, delaysMs);
        assertPlanned(retried, delaysMs[1]!);
      },
    );
  }

  const dateForms: [name: string, render: (moment: Date) => string][] = [
    ['an IMF-fixdate', (moment) => moment.toUTCString()],
    ['the obsolete RFC 850 form', rfc850],
    ['the obsolete asctime form', asctime],
  ];
  for (const [name, render] of dateForms) {
    scenario(`field case 11: with a date as ${name}, 4 s ahead, delays the next attempt until then`, async () => {
      let date = 0;
      const retried = await deliver((index) => {
        if (index > 0) return 200;
        const second = Math.floor(Date.now() / 1_000) * 1_000;
        date = second + 4_000;
        // Node caches its own `Date` header for a second, and a busy process even longer.
        const { status, headers } = failedWith(render(new Date(date)));
        return { status, headers: { ...headers, Date: new Date(second).toUTCString() } };
      });
      const [, { at }] = retried.requests as [ReceivedRequest, ReceivedRequest];
      assert.ok(at >= date, `the next request came ${date - at} ms before the date`);
      assertPlanned(retried, 4_000);
    });
  }

  scenario('field case 11: never shortens the delay of the schedule', async () => {
    const retried = await deliver((index) => [failedWith('0'), failedWith('1'), failedWith('1'), 200][index]!);
    assertGaps(retried, [1_000, 2_000, 4_000]);
    assertPlanned(retried, 4_000);
  });

  scenario('field case 11: with a date just after the scheduled time delays the attempt until the date', async () => {
    let date = 0;
    const { requests } = await deliver(async (index) => {
      if (index !== 1) return index === 0 ? 500 : 200;
      // The date has whole seconds, so respond 2.1 s before one; the delay of the schedule is 2 s.
      await delay((1_900 - (Date.now() % 1_000)) % 1_000);
      date = Math.round((Date.now() + 2_100) / 1_000) * 1_000;
      return failedWith(new Date(date).toUTCString());
    });
    const third = requests[2]!;
    assert.ok(third.at >= date, `the third request came ${date - third.at} ms before the date`);
  });
});

/** `Sunday, 06-Nov-94 08:49:37 GMT`. */
function rfc850(moment: Date): string {
  const [, day, month, year, time] = moment.toUTCString().split(' ');
  const weekday = moment.toLocaleDateString('en-US', { weekday: 'long', timeZone: 'UTC' });
  return `${weekday}, ${day}-${month}-${year!.slice(2)} ${time} GMT`;
}

/** `Sun Nov  6 08:49:37 1994`. */
function asctime(moment: Date): string {
  const [weekday, day, month, year, time] = moment.toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}
