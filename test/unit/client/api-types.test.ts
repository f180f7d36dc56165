import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { renderClientTypes } from '../../../scripts/client-types.js';

describe("the client's types", () => {
  it('are current: `npx tsx scripts/client-types.ts > src/client/api-types.ts`', async () => {
    const file = new URL('../../../src/client/api-types.ts', import.meta.url);
    assert.ok((await readFile(file, 'utf8')) === (await renderClientTypes()), 'make them anew');
  });
});
