import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { renderFieldCasesPage } from '../../scripts/field-cases-page.js';

describe('docs/field-cases.md', () => {
  const page = readFileSync('docs/field-cases.md', 'utf8');

  it('describes every case that a test cites, and names those tests', () => {
    const command = 'npx tsx scripts/field-cases-page.ts > docs/field-cases.md';
    assert.equal(page, renderFieldCasesPage(), `out of date; run: ${command}`);
  });

  it('links many tests', () => {
    assert.ok([...page.matchAll(/\]\(\.\.\/test\/[\w/.-]+\.test\.ts\)/g)].length > 60);
  });
});
