import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { startPlayedSwitch, type PlayedSwitch } from '../../src/dev/demo/played-switch.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('calls, from the switch to the receiver', function () {
  this.timeout(60_000);
  let played: PlayedSwitch;
  let stack: Stack;
  let receiver: Receiver;
  let webhook: { id: number; secret: string };
  let tenantId: string;
  before(async () => {
    played = await startPlayedSwitch();
    receiver = await startReceiver();
    stack = await startStack({
      parts: { api: false, worker: true, listener: true },
      config: {
        api: { host: '127.0.0.1', port: 0, callsPerMinute: 0 },
        freeswitch: {
          switches: [{ host: '127.0.0.1', port: played.port, password: 'ClueCon' }],
          tenantVariable: 'tenant_id',
          recordingUrlTemplate: 'https://recordings.example.com/{file}',
        },
      },
    });
    tenantId = await stack.insertTenant();
    await stack.database.pool.query("update tenants set external_id = '42' where id = $1", [tenantId]);
    webhook = await stack.insertWebhook(tenantId, {
      url: receiver.url,
      rateLimitPerMinute: null,
      rateLimitPerHour: null,
    });
    await waitFor(() => played.subscribers === 1, { what: 'the listener to subscribe' });
  });
  after(async () => {
    await stack.close();
    await receiver.close();
    await played.close();
  });

  const delivered = () =>
    receiver.requests.map(
      (request) => JSON.parse(request.body.toString()) as { event: string; data: Record<string, unknown> },
    );

  it('delivers the events of a recorded call with keys and a recording, signed', async () => {
    await played.play(readFileSync('test/fixtures/freeswitch/30-dtmf-rtp-in-ivr.json.esl'));
    await played.play(readFileSync('test/fixtures/freeswitch/40-record_session.json.esl'));
    await receiver.waitForRequests(12);
    for (const request of receiver.requests)
      new Webhook(webhook.secret).verify(request.body.toString(), request.headers as Record<string, string>);
    assert.deepEqual(
      delivered()
        .map(({ event }) => event)
        .sort(),
      [
        'call.answered',
        'call.answered',
        'call.completed',
        'call.completed',
        ...Array<string>(5).fill('call.dtmf'),
        'call.initiated',
        'call.initiated',
        'call.recording.completed',
      ],
    );
    const completed = delivered().find(({ event, data }) => event === 'call.completed' && data.to === '+12025550104')!;
    assert.deepEqual(completed.data, {
      call_sid: 'f7af8e99-b381-4cde-8919-8954edfe9775',
      from: '+13035550142',
      to: '+12025550104',
      direction: 'inbound',
      status: 'completed',
      hangup_cause: 'NORMAL_CLEARING',
      duration_seconds: 3,
      started_at: '2026-11-25T12:17:20.711Z',
      answered_at: '2026-11-25T12:17:20.711Z',
      ended_at: '2026-11-25T12:17:23.711Z',
    });
  });

  it('lets an uploader in the process report a recording, once', async () => {
    const before = receiver.requests.length;
    const recording = {
      callSid: 'f7af8e99-b381-4cde-8919-8954edfe9775',
      recordingUrl: 'https://bucket.example.com/calls/one.mp3?signature=first',
      tenantId: '42',
      durationSeconds: 3.2,
      sizeBytes: 12_345,
    };
    assert.equal(await stack.service.recordingCompleted(recording), true);
    const again = { ...recording, recordingUrl: recording.recordingUrl.replace('first', 'second') };
    assert.equal(await stack.service.recordingCompleted(again), false);
    assert.equal(await stack.service.recordingCompleted({ ...recording, tenantId, sizeBytes: 44 }), false);
    await receiver.waitForRequests(before + 1);
    const { event, data } = delivered()[before]!;
    assert.deepEqual(
      [event, data.recording_url, data.duration_seconds, data.size_bytes, data.format],
      ['call.recording.completed', recording.recordingUrl, 3, 12_345, 'mp3'],
    );
    await assert.rejects(stack.service.recordingCompleted({ ...recording, tenantId: 'nobody' }), /no tenant/);
  });

  it('shows on /healthz whether a process that only listens is connected to its switches', async () => {
    const listener = await stack.openAnother({ api: false, worker: false, listener: true });
    await waitFor(() => listener.callListener!.switches[0]!.isConnected, { what: 'the second listener to connect' });
    const response = await fetch(`${listener.url}/healthz`);
    const health = (await response.json()) as { switches: { name: string; connected: boolean }[] };
    assert.deepEqual(
      [response.status, health.switches[0]!.name, health.switches[0]!.connected],
      [200, `127.0.0.1:${played.port}`, true],
    );
    await listener.close();
  });
});
