import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startApi, type Api } from './fixture.js';

const page = '<!doctype html><script type="module" src="/portal/assets/index-abc.js"></script>';
const script = `console.log(${JSON.stringify('x'.repeat(5_000))})`;

describe('the files of the portal', () => {
  let api: Api;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'portal-'));
    mkdirSync(path.join(folder, 'assets'));
    writeFileSync(path.join(folder, 'index.html'), page);
    writeFileSync(path.join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    writeFileSync(path.join(folder, 'assets', 'index-abc.js'), script);
    api = await startApi({ portalFolder: folder, portalFrameAncestors: ['https://app.example.com'] });
  });
  after(async () => {
    await api.close();
    rmSync(folder, { recursive: true });
  });

  const get = (at: string) => fetch(api.url + at);

  /** Not by `fetch`, which sends cache headers of its own and unpacks what comes. */
  const getRaw = (at: string, headers: Record<string, string>) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; bytes: number }>((resolve, reject) => {
      const asked = request(api.url + at, { headers }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, bytes }));
      });
      asked.on('error', reject).end();
    });

  it('are its page at every path, asked for again each time', async () => {
    for (const at of [
      '/portal',
      '/portal/',
      '/portal/webhooks/12?tab=deliveries',
      '/console',
      '/console/tenants/x.y',
    ]) {
      const response = await get(at);
      assert.deepEqual([response.status, await response.text()], [200, page], at);
      assert.match(response.headers.get('content-type')!, /^text\/html/);
      assert.equal(response.headers.get('cache-control'), 'no-cache');
      const again = await getRaw(at, { 'If-None-Match': response.headers.get('etag')! });
      assert.equal(again.status, 304);
    }
    assert.match((await get('/portal/favicon.svg')).headers.get('content-type')!, /^image\/svg/);
  });

  it('are kept for ever where their names change with their content', async () => {
    for (const base of ['/portal', '/console']) {
      const response = await get(`${base}/assets/index-abc.js`);
      assert.equal(await response.text(), script);
      assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
      assert.match(response.headers.get('content-type')!, /javascript/);
    }
    assert.equal((await get('/portal/assets/index-old.js')).status, 404, 'not the page in place of a script');
  });

  it('come compressed', async () => {
    const { headers, bytes } = await getRaw('/portal/assets/index-abc.js', { 'Accept-Encoding': 'gzip' });
    assert.equal(headers['content-encoding'], 'gzip');
    assert.ok(bytes < 500, `${bytes} bytes`);
  });

  it('run nothing from elsewhere, and show in iframes of the allowed origins only, the console in none', async () => {
    const policyOf = async (at: string) => (await get(at)).headers.get('content-security-policy');
    const policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'";
    assert.equal(await policyOf('/portal/webhooks'), `${policy}; frame-ancestors https://app.example.com`);
    assert.equal(await policyOf('/console/'), `${policy}; frame-ancestors 'none'`);
    const closed = await startApi({ portalFolder: folder, databaseUrl: api.databaseUrl });
    const response = await fetch(`${closed.url}/portal/`);
    assert.match(response.headers.get('content-security-policy')!, /frame-ancestors 'none'$/);
    await closed.close();
  });

  it('are only read, and nothing beside them', async () => {
    assert.equal((await fetch(`${api.url}/portal/`, { method: 'POST' })).status, 404);
    const beside = path.basename(folder) + '.txt';
    writeFileSync(path.join(folder, '..', beside), 'beside');
    for (const at of [`/portal/..%2f${beside}`, `/portal/assets/..%2f..%2f${beside}`, `/console/%2e%2e/${beside}`])
      assert.notEqual(await (await get(at)).text(), 'beside', at);
    rmSync(path.join(folder, '..', beside));
    assert.equal((await get('/portal/assets/')).status, 404);
  });

  it('are missed with the remedy until they are built', async () => {
    const unbuilt = await startApi({ portalFolder: path.join(folder, 'missing'), databaseUrl: api.databaseUrl });
    const response = await fetch(`${unbuilt.url}/portal/`);
    assert.equal(response.status, 503);
    assert.match(await response.text(), /npm run build/);
    assert.equal((await fetch(`${unbuilt.url}/healthz`)).status, 200);
    await unbuilt.close();
  });
});
