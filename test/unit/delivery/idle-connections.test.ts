import assert from 'node:assert/strict';
import type { Connection } from '../../../src/delivery/connection.js';
import { createIdleConnections } from '../../../src/delivery/idle-connections.js';
import { waitFor } from '../../support/wait-for.js';

const address = '192.0.2.1';
const [a, b] = ['https://a.test', 'https://b.test'];

function connection(): Connection & { isDestroyed: boolean } {
  const made = { isUsable: true, isDestroyed: false, destroy: () => void (made.isDestroyed = true) };
  return made as unknown as Connection & { isDestroyed: boolean };
}

describe('idle connections', () => {
  it('can be closed for a single origin', () => {
    const idle = createIdleConnections({ maxPerOrigin: 10, max: 20 });
    const [first, second, other] = [connection(), connection(), connection()];
    idle.put(a, address, first);
    idle.put(a, address, second);
    idle.put(b, address, other);
    idle.closeOrigin(a);
    assert.deepEqual([first.isDestroyed, second.isDestroyed, other.isDestroyed], [true, true, false]);
    assert.equal(idle.take(a, [address]), undefined);
    assert.equal(idle.take(b, [address])?.connection, other);
  });

  it('are not kept after three of an origin broke, until some time without a break has passed', async () => {
    const idle = createIdleConnections({ maxPerOrigin: 10, max: 20, distrustMs: 50 });
    idle.countBroken(a);
    idle.countBroken(a);
    assert.equal(idle.mayKeep(a), true);
    idle.countBroken(a);
    assert.equal(idle.mayKeep(b), true);
    if (!idle.mayKeep(a)) {
      const refused = connection();
      idle.put(a, address, refused);
      assert.equal(refused.isDestroyed, true);
    }
    await waitFor(() => idle.mayKeep(a), { what: 'trust to return' });
    const kept = connection();
    idle.put(a, address, kept);
    assert.equal(idle.take(a, [address])?.connection, kept);
  });

  it('are counted for a bounded number of origins', () => {
    const idle = createIdleConnections({ maxPerOrigin: 10, max: 20 });
    for (let i = 0; i < 3; i++) idle.countBroken(a);
    for (let i = 0; i < 5000; i++) idle.countBroken(`https://${i}.test`);
    assert.equal(idle.mayKeep(a), true);
  });
});
