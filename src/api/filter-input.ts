import { z } from 'zod';
import { maxConditions, maxDepth, maxFilterBytes, maxListed, parseFilter } from '../filter/parse-filter.js';
import { isObject } from './http/schemas.js';

const message = 'expected an object of conditions, like {"data.direction": "inbound"}, or null';

/** A filter as it was written, and as it was understood; null: none. */
export const filterInput = z
  .custom<Record<string, unknown>>(isObject, message)
  .transform((written, context) => {
    const parsed = parseFilter(written);
    if (parsed.ok) return { written, filter: parsed.filter };
    for (const { path, message } of parsed.errors) {
      const place = path === '' ? [] : [path];
      context.addIssue({ code: 'custom', path: place, message, params: { complete: true } });
    }
    return z.NEVER;
  })
  .nullable()
  .meta({
    type: ['object', 'null'],
    additionalProperties: true,
    description: `Only events that match become deliveries; null: all. Fields of the envelope by path, each with a value or operators; \`$and\`, \`$or\` and \`$not\` around them. At most ${maxConditions} conditions, ${maxDepth} levels, ${maxListed} values in lists and ${maxFilterBytes} bytes. Counts for events accepted from now on`,
    examples: [{ 'data.direction': 'inbound', 'data.duration_seconds': { $gte: 60 } }],
  });
