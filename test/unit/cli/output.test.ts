import assert from 'node:assert/strict';
import pc from 'picocolors';
import type { Context } from '../../../src/cli/context.js';
import { table } from '../../../src/cli/output.js';

describe('a table of the command line', () => {
  it('has room for as many rows as --limit allows', () => {
    const lines: string[] = [];
    const io = { out: (line: string) => lines.push(line), colors: pc.createColors(false) };
    table({ io } as unknown as Context, [['ID', 'STATUS'], ...Array<string[]>(200_000).fill(['1234', 'failed'])]);
    assert.deepEqual([lines.length, lines[0], lines.at(-1)], [200_001, 'ID    STATUS', '1234  failed']);
  });
});
