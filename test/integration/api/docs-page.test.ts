import assert from 'node:assert/strict';
import { startApi, type Api } from './fixture.js';

describe('the API page', () => {
  let api: Api;
  before(async () => void (api = await startApi()));
  after(() => api.close());

  it('has a title, loads assets only from this service, and all of them exist', async () => {
    const page = await fetch(`${api.url}/docs`);
    assert.equal(page.status, 200);
    const html = await page.text();
    assert.match(html, /<title>IRISX Webhooks API<\/title>/);
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self';/);
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    assert.ok(assets.length >= 4);
    for (const path of assets) {
      assert.ok(path.startsWith('/'), path);
      const asset = await fetch(api.url + path);
      assert.equal(asset.status, 200, path);
      assert.ok((await asset.text()).length > 100, path);
    }
    assert.ok(!/<script>|\son\w+=|https?:/.test(html), 'nothing inline, nothing from elsewhere');
  });

  it('serves scripts and style sheets with the content types that browsers require', async () => {
    for (const [path, type] of [
      ['/docs/swagger-ui.css', /^text\/css/],
      ['/docs/swagger-ui-bundle.js', /javascript/],
      ['/docs/initializer.js', /javascript/],
      ['/docs/favicon-32x32.png', /^image\/png/],
    ] as const) {
      assert.match((await fetch(api.url + path)).headers.get('content-type') ?? '', type, path);
    }
  });

  it('is also found with a trailing slash', async () => {
    assert.equal((await fetch(`${api.url}/docs/`)).status, 200);
  });

  it('shows the served OpenAPI document', async () => {
    const initializer = await (await fetch(`${api.url}/docs/initializer.js`)).text();
    const path = /url: '([^']+)'/.exec(initializer)?.[1] ?? '';
    const document = (await (await fetch(api.url + path)).json()) as {
      openapi: string;
      info: { title: string; version: string };
    };
    assert.match(document.openapi, /^3\.1\./);
    assert.deepEqual([document.info.title, document.info.version], ['IRISX Webhooks API', '1.2.3']);
  });
});
