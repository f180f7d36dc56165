import assert from 'node:assert/strict';
import { createLogger } from '../../src/log.js';

describe('log', () => {
  const collect = () => {
    const lines: string[] = [];
    return { lines, write: (line: string) => void lines.push(line) };
  };

  it('writes one JSON object per line, with the level as a word and the time in RFC 3339', () => {
    const out = collect();
    createLogger({ level: 'info', format: 'json', name: 'worker' }, out).info({ attempt: 2 }, 'attempt.finished');
    assert.equal(out.lines.length, 1);
    const record = JSON.parse(out.lines[0]!) as Record<string, unknown>;
    assert.match(String(record.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    delete record.time;
    assert.deepEqual(record, { level: 'info', name: 'worker', attempt: 2, msg: 'attempt.finished' });
  });

  it('omits lines below its level', () => {
    const out = collect();
    createLogger({ level: 'warn', format: 'json' }, out).info('unheard');
    assert.deepEqual(out.lines, []);
  });

  it('masks fields that look like secrets, at the top and one level down', () => {
    const out = collect();
    const fields = { secret: 'whsec_1', headers: { authorization: 'Bearer irisx_2' }, webhook: { key: 'k_3' } };
    for (const format of ['json', 'pretty'] as const) createLogger({ level: 'info', format }, out).info(fields, 'made');
    assert.equal(out.lines.length, 2);
    for (const line of out.lines) {
      assert.doesNotMatch(line, /whsec_1|irisx_2|k_3/);
      assert.match(line, /\[masked\]/);
    }
  });

  it('keeps an error under "error", with its stack', () => {
    const out = collect();
    createLogger({ level: 'info', format: 'json' }, out).error(new Error('away'), 'stopped');
    const record = JSON.parse(out.lines[0]!) as { error: { message: string; stack: string } };
    assert.equal(record.error.message, 'away');
    assert.match(record.error.stack, /log\.test/);
  });

  it('omits the fields of a Postgres error that quote a row', () => {
    const error = Object.assign(new Error('violates unique constraint'), {
      code: '23505',
      detail: 'Key (body)=(hidden) already exists.',
      where: 'COPY x, line 1: "hidden"',
      internalQuery: `select 'hidden'`,
    });
    for (const format of ['json', 'pretty'] as const) {
      const out = collect();
      createLogger({ level: 'info', format }, out).error({ error }, 'stopped');
      assert.match(out.lines[0]!, /violates unique constraint/);
      assert.doesNotMatch(out.lines[0]!, /hidden/);
    }
  });

  it('is short in the form for people: time, level, message, fields, and the stack of an error', () => {
    const out = collect();
    const log = createLogger({ level: 'info', format: 'pretty', name: 'api' }, out);
    log.info({ port: 3000, event: 'call.completed c1' }, 'listening');
    log.error({ error: new Error('away') }, 'stopped');
    assert.match(out.lines[0]!, /^\[\d\d:\d\d:\d\d\] INFO: listening port=3000 event="call\.completed c1"\n$/);
    assert.match(out.lines[1]!, /^\[\d\d:\d\d:\d\d\] ERROR: stopped \n {4}Error: away\n {8}at /);
  });
});
