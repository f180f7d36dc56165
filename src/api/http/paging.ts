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
      description: 'How many rows to answer at the most',
    }),
  cursor: z
    .string('expected one cursor')
    .optional()
    .meta({ type: 'string', description: 'The `next_cursor` of the page before; absent: the first page' }),
};

export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'Give it as `cursor` to get the next page; null at the end', examples: [null] });

export interface Page<Id> {
  /** One more than is shown: whether there is a next page. */
  limit: number;
  beforeId: Id | null;
}

/**
 * A page of rows, newest first, and the cursor to the next one. The cursor is the last row's id, and ids sort by time
 * without two being alike: no row is shown twice or left out, also among rows of one moment.
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

/** How an id looks in a cursor; undefined for what is none. */
export type IdForm<Id> = (text: string) => Id | undefined;

export const encodeCursor = (id: number | string): string => Buffer.from(`after:${id}`).toString('base64url');

/** Throws InvalidInputError for what `encodeCursor` did not make. */
export function decodeCursor<Id>(cursor: string, idForm: IdForm<Id>): Id {
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.startsWith('after:') ? idForm(text.slice('after:'.length)) : undefined;
  // Buffer skips what is not base64url; such a cursor was changed on its way.
  if (id === undefined || Buffer.from(text).toString('base64url') !== cursor) {
    const message = 'is not a cursor of this list; give the next_cursor of the page before, unchanged';
    throw new InvalidInputError('The query string does not fit: cursor.', [{ path: 'cursor', message }]);
  }
  return id;
}
