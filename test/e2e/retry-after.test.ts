import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { startReceiver, type Handler, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { attemptSummary, sendEvent, type SentDelivery } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';

const maxRetryAfterMs = 4_500;
/** How much later than planned a request may arrive on a busy machine; under what a misread value would make of it. */
const latestMs = 1_800;

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

  /** When each answer was given, and each request had arrived. */
  interface Watched {
    sent: SentDelivery;
    receiver: Receiver;
    answeredAt: number[];
  }

  async function send(respond: (index: number) => ReturnType<Handler>): Promise<Watched> {
    const answeredAt: number[] = [];
    const receiver = await startReceiver(async (_, __, index) => {
      const answer = await respond(index);
      answeredAt.push(Date.now());
      return answer;
    });
    receivers.push(receiver);
    return { sent: await sendEvent(stack, { url: receiver.url }), receiver, answeredAt };
  }

  /** Waits for the success, then says how long after each answer the next request came. */
  async function gapsOf({ sent, receiver, answeredAt }: Watched): Promise<number[]> {
    await sent.waitForEnd('delivered', 20_000);
    return receiver.requests.slice(1).map(({ at }, i) => at - answeredAt[i]!);
  }

  function assertGap(gapMs: number, plannedMs: number, what: string): void {
    assert.ok(
      gapMs >= plannedMs - 5,
      `${what}: the next request came ${gapMs} ms after the answer, planned were ${plannedMs}`,
    );
    assert.ok(
      gapMs < plannedMs + latestMs,
      `${what}: the next request came ${gapMs} ms after the answer, planned were ${plannedMs}`,
    );
  }

  // The schedule's own first delay is 1 s.
  const values: [value: string, plannedMs: number][] = [
    ['2', 2_000],
    ['3', 3_000],
    ['0', 1_000],
    ['-3', 1_000],
    ['+3', 1_000],
    ['3.0', 1_000],
    ['120junk', 1_000],
    ['1e3', 1_000],
    ['', 1_000],
    ['tomorrow', 1_000],
    ['Wed, 29 Oct 2025 12:00:00 GMT', 1_000],
    ['2099-01-01T00:00:00Z', 1_000],
    ['99999999999999999999', maxRetryAfterMs],
    ['Fri, 31 Dec 2099 23:59:59 GMT', maxRetryAfterMs],
  ];
  for (const [value, plannedMs] of values) {
    scenario(`field case 11: "${value}" puts the next attempt ${plannedMs} ms off`, async () => {
      const watched = await Promise.all(
        [429, 503].map((status) =>
          send((index) => (index === 0 ? { status, headers: { 'Retry-After': value } } : 200)),
        ),
      );
      await Promise.all(
        watched.map(async (each, i) => {
          const waiting = await each.sent.waitForAttempts(1);
          // The next one may have been made meanwhile, where it is not far off.
          if (waiting.attempt_count === 1) {
            const [attempt] = waiting.attempts;
            const dueAt = Date.parse(attempt!.started_at) + attempt!.duration_ms + plannedMs;
            assert.ok(Math.abs(Date.parse(waiting.next_attempt_at!) - dueAt) < 1_000, 'next_attempt_at says so');
          }
          const [gapMs, ...more] = await gapsOf(each);
          assertGap(gapMs!, plannedMs, String([429, 503][i]));
          assert.deepEqual(more, []);
          assert.deepEqual(attemptSummary(await each.sent.read()), [`http_status ${[429, 503][i]}`, 'ok 200']);
        }),
      );
    });
  }

  const dateForms: [name: string, render: (moment: Date) => string][] = [
    ['an IMF-fixdate', (moment) => moment.toUTCString()],
    ['the obsolete RFC 850 form', rfc850],
    ['the obsolete asctime form', asctime],
  ];
  for (const [name, render] of dateForms) {
    scenario(`field case 11: a date of ${name} 3 s ahead: the next attempt is not sooner`, async () => {
      let date = 0;
      const watched = await send((index) => {
        if (index > 0) return 200;
        date = Math.ceil(Date.now() / 1_000) * 1_000 + 3_000;
        return { status: 503, headers: { 'Retry-After': render(new Date(date)) } };
      });
      await gapsOf(watched);
      const [, { at }] = watched.receiver.requests as [unknown, { at: number }];
      assert.ok(at >= date && at < date + latestMs, `the next request came ${at - date} ms after the date`);
    });
  }

  scenario('field case 11: it stretches the delay of a later attempt, and never shortens it', async () => {
    const header = (value: string) => ({ status: 429, headers: { 'Retry-After': value } });
    // The schedule alone: 1, 2, 4 s.
    const [first, second, third] = await gapsOf(await send((index) => [500, header('4'), header('1'), 200][index]!));
    assertGap(first!, 1_000, 'no header');
    assertGap(second!, 4_000, 'more than the schedule');
    assertGap(third!, 4_000, 'less than the schedule');
  });

  scenario('field case 11: a date just after the scheduled time is not run ahead of', async () => {
    let date = 0;
    const watched = await send(async (index) => {
      if (index !== 1) return index === 0 ? 500 : 200;
      // The date has whole seconds: answered 2.1 s before one, when the schedule's own delay is 2 s.
      await delay((1_900 - (Date.now() % 1_000)) % 1_000);
      date = Math.round((Date.now() + 2_100) / 1_000) * 1_000;
      return { status: 503, headers: { 'Retry-After': new Date(date).toUTCString() } };
    });
    await gapsOf(watched);
    const third = watched.receiver.requests[2]!;
    assert.ok(
      third.at >= date && third.at < date + latestMs,
      `the third request came ${third.at - date} ms after the date`,
    );
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
