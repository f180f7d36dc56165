import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { renderBody } from '../../../src/delivery/body.js';
import { createChallenge, isEcho, verificationEvent } from '../../../src/delivery/challenge.js';
import { createSecret, signatureHeaders } from '../../../src/delivery/signature.js';
import { waitFor } from '../../support/wait-for.js';

const samples = fileURLToPath(new URL('../../../docs/samples/', import.meta.url));
const secret = createSecret();
const programs: [name: string, command: string, ...args: string[]][] = [
  ['receiver.mjs', process.execPath, 'receiver.mjs'],
  ['receiver.py', 'python3', '-B', 'receiver.py'],
];

for (const [name, command, ...args] of programs) {
  describe(`docs/samples/${name}`, () => {
    let child: ChildProcess;
    let printed = '';
    let url: string;
    before(async () => {
      child = spawn(command, args, {
        cwd: samples,
        env: { PATH: process.env['PATH'], PORT: '0', IRISX_WEBHOOK_SECRET: secret },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout!.on('data', (text) => void (printed += text));
      const port = await waitFor(() => /listening on port (\d+)/.exec(printed)?.[1], { what: 'its port' });
      url = `http://127.0.0.1:${port}`;
    });
    after(async () => {
      child.kill();
      await once(child, 'exit');
    });

    const post = (body: string, signedWith = secret) => {
      const timestampSeconds = Math.floor(Date.now() / 1000);
      const headers = signatureHeaders({ secret: signedWith, messageId: 'm', timestampSeconds, body });
      return fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body });
    };
    const bodyOf = (eventType: string, data: unknown) =>
      renderBody({ eventType, eventId: 'id-1', timestamp: '2025-10-29T12:00:00.000Z', data });

    it('echoes the challenge', async () => {
      const challenge = createChallenge();
      const response = await post(bodyOf(verificationEvent, { challenge }));
      const { status } = response;
      assert.equal(status, 200);
      assert.ok(isEcho({ statusCode: status, headers: {}, body: await response.text(), truncated: false }, challenge));
    });

    it("does not echo the challenge of a stranger's webhook", async () => {
      const response = await post(bodyOf(verificationEvent, { challenge: 'x' }), createSecret());
      assert.deepEqual([response.status, await response.text()], [401, '']);
    });

    it('acknowledges an event and prints it', async () => {
      assert.equal((await post(bodyOf('call.dtmf', { digit: '5' }))).status, 204);
      await waitFor(() => /call\.dtmf id-1 .*digit/.test(printed), { what: 'the event' });
    });

    it('outlives a body that is too large', async () => {
      const large = post('x'.repeat(1_000_001)).then(({ status }) => status);
      assert.notEqual(await large.catch(() => 'cut off'), 204);
      assert.equal((await post(bodyOf('call.dtmf', { digit: '6' }))).status, 204);
    });
  });
}
