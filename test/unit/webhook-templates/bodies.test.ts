import assert from 'node:assert/strict';
import { describeEventTypes } from '../../../src/events/event-types.js';
import { madeBodies, type Envelope } from '../../support/template-bodies.js';

const timestamp = '2025-10-29T12:00:05.120Z';
const envelope = (event: string, data: Record<string, unknown>): Envelope => ({
  event,
  event_id: 'id-1',
  timestamp,
  data,
});
const examples = describeEventTypes();
const example = (name: string) => envelope(name, { ...examples.find((type) => type.name === name)?.example });

const made = (name: string) => madeBodies.find((template) => template.name === name)!;

/** All texts of a body, with the keys under which they are. */
function texts(value: unknown, key = ''): [key: string, text: string][] {
  if (typeof value === 'string') return [[key, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => texts(inner, Array.isArray(value) ? key : name));
}

async function bodyOf(name: string, sent: Envelope): Promise<unknown> {
  const { evaluate, fits } = made(name);
  const body = await evaluate(sent);
  assert.ok(fits(body), `${name}, ${sent.event}: ${JSON.stringify(fits.errors)} in ${JSON.stringify(body)}`);
  return body;
}

describe('the bodies of webhook templates', () => {
  it('are made for Slack, Teams, Discord, Google Chat and PagerDuty', () => {
    const names = madeBodies.map(({ name }) => name);
    assert.deepEqual(names, ['slack', 'microsoft-teams', 'discord', 'google-chat', 'pagerduty']);
  });

  for (const { name } of madeBodies) {
    it(`fit the format of ${name} for the example of every event type, and read well`, async () => {
      for (const { name: type } of examples) {
        const body = await bodyOf(name, example(type));
        for (const [, text] of texts(body)) assert.doesNotMatch(text, /null|undefined|NaN|\[object|\{"|: *$/, text);
      }
    });

    it(`say as much as they know in ${name} where all fields are null or absent`, async () => {
      for (const { name: type, example: data } of examples) {
        const nulls = Object.fromEntries(Object.keys(data).map((field) => [field, null]));
        for (const body of [await bodyOf(name, envelope(type, nulls)), await bodyOf(name, envelope(type, {}))]) {
          for (const [, text] of texts(body)) assert.doesNotMatch(text, /null|undefined|NaN/, text);
        }
      }
    });

    it(`fit the format of ${name} for event types that do not exist yet`, async () => {
      const body = await bodyOf(name, envelope('fax.received', { from: '+15551234567', pages: 3 }));
      assert.match(JSON.stringify(body), /fax\.received.*\+15551234567/);
    });
  }

  const titles: [type: string, data: Record<string, unknown>, title: string][] = [
    ['call.initiated', {}, '📞 Outgoing call to +15559876543'],
    ['call.initiated', { direction: 'inbound' }, '📞 Incoming call from +15551234567'],
    ['call.answered', {}, '📞 Call answered: +15551234567 → +15559876543'],
    ['call.completed', {}, '📞 Call ended: +15551234567 → +15559876543'],
    ['call.completed', { status: 'no-answer' }, '📞 Call not answered: +15551234567 → +15559876543'],
    ['call.completed', { status: 'failed', from: '' }, '🔴 Call failed: unknown → +15559876543'],
    ['call.dtmf', { digit: '#' }, '📞 Key # pressed'],
    ['call.recording.completed', {}, '📞 Call recording is ready'],
    ['sms.sent', {}, '💬 Message sent to +15559876543'],
    ['sms.received', { from: 'SUPPORT' }, '💬 Message from SUPPORT'],
    ['sms.delivered', {}, '✅ Message delivered'],
    ['sms.failed', {}, '🔴 Message not delivered'],
    ['tenant.limit.warning', {}, '⚠️ 82 % of call minutes used'],
    ['tenant.limit.reached', {}, '🔴 Limit of call minutes reached'],
    ['phone_number.assigned', {}, '🔔 New phone number: +15559876543'],
    ['webhook.failing', {}, '🔴 Webhook 123 is failing'],
    ['webhook.recovered', {}, '✅ Webhook 123 has recovered'],
    ['webhook.disabled', {}, '🔴 Webhook 123 was disabled'],
    ['webhook.test', {}, '🔔 Test of your webhook'],
  ];
  for (const [type, data, title] of titles) {
    it(`have the title "${title}"`, async () => {
      const sent = example(type);
      const body = (await bodyOf('slack', { ...sent, data: { ...sent.data, ...data } })) as { text: string };
      assert.equal(body.text, title);
    });
  }

  it('show the facts of a call in Slack, with times in the time zone of the reader', async () => {
    assert.deepEqual(await bodyOf('slack', example('call.completed')), {
      text: '📞 Call ended: +15551234567 → +15559876543',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: '📞 Call ended: +15551234567 → +15559876543' } },
        {
          type: 'section',
          fields: [
            '*From*\n+15551234567',
            '*To*\n+15559876543',
            '*Status*\ncompleted',
            '*Cause*\nNORMAL_CLEARING',
            '*Duration*\n2 min 0 s',
            '*Call ID*\n4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4',
          ].map((text) => ({ type: 'mrkdwn', text, verbatim: true })),
        },
        {
          type: 'context',
          elements: [
            { type: 'mrkdwn', text: '<!date^1761739205^{date_short_pretty} {time}|29 Oct 2025 12:00 UTC>' },
            { type: 'plain_text', text: 'call.completed' },
          ],
        },
      ],
      unfurl_links: false,
      unfurl_media: false,
    });
  });

  it('show the text of a message as it was written, with its line breaks', async () => {
    const sent = envelope('sms.received', { from: 'A', to: 'B', body: ' Tom & *Jerry*:\r\n  hello ', media_count: 2 });
    const all = (await Promise.all(madeBodies.map(({ name }) => bodyOf(name, sent)))).map((body) => texts(body));
    const [slack, teams, discord, chat, pagerduty] = all.map((list) => list.map(([, text]) => text));
    assert.ok(slack?.includes('Tom &amp; *Jerry*:\n  hello'));
    assert.ok(slack?.includes('*Media files*\n2'));
    assert.ok(teams?.includes('Tom & *Jerry*:\n  hello'));
    assert.ok(discord?.includes('Tom & \\*Jerry\\*\\:\n  hello'));
    assert.ok(chat?.includes('Tom &amp; *Jerry*:<br>  hello'));
    assert.ok(pagerduty?.includes('Message from A: Tom & *Jerry*: hello'));
  });

  const durations: [seconds: number, shown: string][] = [
    [0, '0 s'],
    [59.6, '1 min 0 s'],
    [3600, '1 h 0 min 0 s'],
    [7384, '2 h 3 min 4 s'],
  ];
  for (const [seconds, shown] of durations) {
    it(`show a duration of ${seconds} seconds as ${shown}`, async () => {
      const body = await bodyOf('pagerduty', envelope('call.completed', { duration_seconds: seconds }));
      assert.deepEqual((body as { payload: { custom_details: unknown } }).payload.custom_details, { Duration: shown });
    });
  }

  it('link a recording where it can be opened, and only there', async () => {
    const recording = (recording_url: string) => envelope('call.recording.completed', { recording_url });
    for (const { name } of madeBodies) {
      const good = JSON.stringify(await bodyOf(name, recording('https://example.com/a.wav?b=1')));
      assert.match(good, /https:\/\/example\.com\/a\.wav/, name);
      for (const bad of [
        'javascript:alert(1)',
        'https://example.com/a>b',
        'https://example.com/|x',
        `https://${'a'.repeat(1001)}`,
      ]) {
        assert.doesNotMatch(JSON.stringify(await bodyOf(name, recording(bad))), /javascript|example\.com|aaaa/, name);
      }
    }
  });

  it('open one alert in PagerDuty for a failing webhook, raise it when the webhook is disabled, and resolve it', async () => {
    const steps = ['webhook.failing', 'webhook.disabled', 'webhook.recovered'];
    const bodies = await Promise.all(steps.map((type) => bodyOf('pagerduty', example(type))));
    const shown = (bodies as { event_action: string; dedup_key: string; payload: { severity: string } }[]).map(
      ({ event_action, dedup_key, payload }) => [event_action, dedup_key, payload.severity],
    );
    assert.deepEqual(shown, [
      ['trigger', 'irisx-webhook-123', 'error'],
      ['trigger', 'irisx-webhook-123', 'critical'],
      ['resolve', 'irisx-webhook-123', 'info'],
    ]);
  });

  it('add a reached limit to the alert of its warning in PagerDuty', async () => {
    const bodies = await Promise.all(
      ['tenant.limit.warning', 'tenant.limit.reached'].map((type) => bodyOf('pagerduty', example(type))),
    );
    const keys = (bodies as { dedup_key: string }[]).map(({ dedup_key }) => dedup_key);
    assert.deepEqual(keys, Array(2).fill('irisx-limit-call_minutes-2025-10'));
  });
});
