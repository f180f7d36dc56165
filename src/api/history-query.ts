import { z } from 'zod';
import { eventTypeNames } from '../events/event-types.js';
import { isEventId } from '../events/trigger.js';
import { eventIdMessage } from './event-schemas.js';
import { pageQuery } from './http/paging.js';
import { timeInput } from './http/schemas.js';

export const eventTypesMessage = `expected one of ${eventTypeNames.join(', ')}`;

/** The query parameters of lists of events and of deliveries. */
export const historyQuery = {
  ...pageQuery,
  event_type: z.enum(eventTypeNames, eventTypesMessage).optional(),
  event_id: z
    .string('expected one event id')
    .refine(isEventId, eventIdMessage)
    .optional()
    .meta({ description: 'The id that the event was triggered with' }),
  since: timeInput().optional().meta({ description: 'Accepted at this time or later' }),
  until: timeInput().optional().meta({ description: 'Accepted before this time' }),
};

/** Nothing was accepted before this; an id cannot hold much earlier times. */
const earliest = Date.UTC(2020, 0, 1);

/** The times of such a list, as far as they are given. */
export const timesOf = ({ since, until }: { since?: Date | undefined; until?: Date | undefined }) => ({
  ...(since && { since: new Date(Math.max(since.getTime(), earliest)) }),
  ...(until && { until }),
});
