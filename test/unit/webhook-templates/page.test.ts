import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { renderWebhookTemplatesPage } from '../../../scripts/webhook-templates-page.js';

describe('docs/webhook-templates.md', () => {
  it('is the output of scripts/webhook-templates-page.ts', async () => {
    const page = await readFile(new URL('../../../docs/webhook-templates.md', import.meta.url), 'utf8');
    assert.equal(page, await renderWebhookTemplatesPage());
  });
});
