import assert from 'node:assert/strict';
import { decodeCursor, encodeCursor, paginate } from '../../../src/api/http/paging.js';
import { parseUuid, parseWebhookId } from '../../../src/api/http/schemas.js';
import { InvalidInputError } from '../../../src/errors.js';

describe('paging', () => {
  const rows = [9, 7, 5, 3, 1].map((id) => ({ id }));
  const list = ({ limit, beforeId }: { limit: number; beforeId: number | null }) =>
    Promise.resolve(rows.filter(({ id }) => beforeId === null || id < beforeId).slice(0, limit));

  it('goes through all rows once and ends', async () => {
    for (const limit of [1, 2, 3, 5, 6]) {
      const seen: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await paginate({ limit, cursor }, parseWebhookId, list);
        assert.ok(page.rows.length > 0);
        seen.push(...page.rows.map(({ id }) => id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      assert.deepEqual(seen, [9, 7, 5, 3, 1]);
    }
  });

  it('returns no next page for an empty list', async () => {
    assert.deepEqual(await paginate({ limit: 2 }, parseWebhookId, () => Promise.resolve([])), {
      rows: [],
      nextCursor: null,
    });
  });

  it('restores ids from their cursors', () => {
    const uuid = '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a';
    assert.equal(decodeCursor(encodeCursor(uuid), parseUuid), uuid);
    assert.equal(decodeCursor(encodeCursor(2147483647), parseWebhookId), 2147483647);
    assert.match(encodeCursor(uuid), /^[A-Za-z0-9_-]+$/);
  });

  it('refuses cursors that are invalid, changed, or from another list', () => {
    const good = encodeCursor(12);
    for (const cursor of [
      '',
      '12',
      'after:12',
      `${good}=`,
      `${good}!`,
      ` ${good}`,
      good.slice(1),
      encodeCursor(0),
      encodeCursor('1; drop table'),
      encodeCursor(2147483648),
    ]) {
      assert.throws(
        () => decodeCursor(cursor, parseWebhookId),
        (error) => error instanceof InvalidInputError && error.errors[0]?.path === 'cursor',
        cursor,
      );
    }
    assert.throws(() => decodeCursor(good, parseUuid), InvalidInputError);
  });
});
