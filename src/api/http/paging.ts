import { z } from 'zod';
import { InvalidInputError } from '../../errors.js';

const maxLimit = 200;
export const defaultLimit = 50;
const limitMessage = `expected a whole number from 1 to ${maxLimit}`;

/** The query parameters of every list. */
export const pageQuery = {
  limit: z
    .string(limitMessage)
    .regex(/^[0-9]{1,3}$/, limitMessage)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= maxLimit, limitMessage)
    .default(defaultLimit)
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: maxLimit,
      default: defaultLimit,
      description: 'The most rows to return',
    }),
  cursor: z
    .string('expected one cursor')
    .optional()
    .meta({ type: 'string', description: 'The `next_cursor` of the previous page; absent: the first page' }),
};

export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'Pass it as `cursor` to get the next page; null on the last page', examples: [null] });

export interface Page<Id> {
  /** One more than is shown, to see whether there is a next page. */
  limit: number;
  beforeId: Id | null;
}

/**
 * A page of rows, newest first, and the cursor to the next one. The cursor is the last row's id. Ids are unique and
 * sort by time, so no row is shown twice or left out, not even among rows of the same moment.
 */
export async function paginate<Id extends number | string, Row extends { id: Id }>(
  query: { limit: number; cursor?: string | undefined },
  idForm: IdForm<Id>,
  list: (page: Page<Id>) => Promise<Row[]>,
): Promise<{ rows: Row[]; nextCursor: string | null }> {
  const beforeId = query.cursor === undefined ? null : decodeCursor(query.cursor, idForm);
  const found = await list({ limit: query.limit + 1, beforeId });
  const rows = found.slice(0, query.limit);
  const last = rows.at(-1);
  return { rows, nextCursor: found.length > query.limit && last ? encodeCursor(last.id) : null };
}

/** Parses the id in a cursor; undefined if it is not one. */
export type IdForm<Id> = (text: string) => Id | undefined;

export const encodeCursor = (id: number | string): string => Buffer.from(`after:${id}`).toString('base64url');

/** Throws InvalidInputError for what `encodeCursor` did not make. */
export function decodeCursor<Id>(cursor: string, idForm: IdForm<Id>): Id {
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.startsWith('after:') ? idForm(text.slice('after:'.length)) : undefined;
  // Buffer skips what is not base64url; a cursor with that was altered.
  if (id === undefined || Buffer.from(text).toString('base64url') !== cursor) {
    const message = 'is not a cursor of this list; pass the next_cursor of the previous page, unchanged';
    throw new InvalidInputError('The query string is not valid: cursor.', [{ path: 'cursor', message }]);
  }
  return id;
}
