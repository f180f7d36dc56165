import assert from 'node:assert/strict';
import { startApi, type Api } from './fixture.js';

describe('calls of one API key', () => {
  let api: Api;
  before(async () => {
    api = await startApi({ callsPerMinute: 3 });
  });
  after(() => api.close());

  it('are refused beyond the limit, with the time to come back, and no other key is', async () => {
    for (let i = 0; i < 3; i++) assert.equal((await api.call('GET', '/v1/tenants')).status, 200);
    const refused = await api.call('GET', '/v1/tenants');
    assert.equal(refused.status, 429);
    assert.match(refused.body.type, /too-many-requests$/);
    const seconds = Number(refused.headers.get('retry-after'));
    assert.ok(seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`);
    assert.equal((await api.call('GET', '/v1/tenants', { key: 'another' })).status, 401);
  });

  it('that trigger events are never refused: the event would be lost', async () => {
    for (let i = 0; i < 6; i++) assert.equal((await api.call('POST', '/v1/events', { body: {} })).status, 400);
  });
});
