import type { Retention } from '../db/retention-settings.js';
import { integer } from './environment.js';

const days = integer(1, 3650);

export const retentionVariables = {
  RETENTION_DAYS: days.default(30),
  RETENTION_BODY_DAYS: days.optional(),
  RETENTION_ATTEMPT_DAYS: days.optional(),
  RETENTION_DELIVERY_DAYS: days.optional(),
  RETENTION_EVENT_DAYS: days.optional(),
  RETENTION_CALL_DAYS: days.optional(),
  RETENTION_MESSAGE_DAYS: days.optional(),
};

type Variables = { RETENTION_DAYS: number } & {
  [Name in keyof Omit<typeof retentionVariables, 'RETENTION_DAYS'>]?: number | undefined;
};

/** Each part for its own number of days; `RETENTION_DAYS` where none is given. */
export const retentionOf = ({ RETENTION_DAYS, ...own }: Variables): Retention => ({
  bodies: own.RETENTION_BODY_DAYS ?? RETENTION_DAYS,
  attempts: own.RETENTION_ATTEMPT_DAYS ?? RETENTION_DAYS,
  deliveries: own.RETENTION_DELIVERY_DAYS ?? RETENTION_DAYS,
  events: own.RETENTION_EVENT_DAYS ?? RETENTION_DAYS,
  calls: own.RETENTION_CALL_DAYS ?? RETENTION_DAYS,
  messages: own.RETENTION_MESSAGE_DAYS ?? RETENTION_DAYS,
});
