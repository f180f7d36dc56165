import type { Action, Entry } from './actions.js';
import { fieldName, listChange, shownValue, type ShownValue } from './fields.js';

/** One changed field, as it is shown. */
export type ShownChange = { field: string; name: string } & (
  | { kind: 'value'; value: ShownValue }
  | { kind: 'change'; old: ShownValue; new: ShownValue }
  /** Of a list of words. */
  | { kind: 'list'; added: string[]; removed: string[] }
  /** The log keeps neither value. */
  | { kind: 'hidden' }
);

const begins = /\.(created|assigned|started|expired)$/;
const ends = /\.(deleted|released|ended)$/;
/** The sentence says it already. */
const said: Partial<Record<Action, string[]>> = {
  'webhook.paused': ['enabled'],
  'webhook.resumed': ['enabled'],
  'webhook.disabled': ['enabled'],
  'recovery.created': ['webhook_id', 'total'],
  'recovery.cancelled': ['status'],
  'api_key.created': ['name'],
  'api_key.deleted': ['name'],
  'portal_link.created': ['name'],
  'portal_session.started': ['name'],
  'portal_session.ended': ['name', 'scopes', 'expires_at'],
};

/** What changed, by field: of a new thing its values, of one that went the last ones, else old and new. */
export function changesOf({ action, changes }: Entry): ShownChange[] {
  return Object.entries(changes)
    .filter(([field]) => !said[action]?.includes(field))
    .map(([field, { old, new: now }]) => {
      const isOfRetention = action === 'tenant.retention_set';
      const shown = (value: unknown) => shownValue(field, value, isOfRetention);
      const name = fieldName(field);
      if (begins.test(action)) return { field, name, kind: 'value', value: shown(now) };
      if (ends.test(action)) return { field, name, kind: 'value', value: shown(old) };
      const list = listChange(old, now);
      if (list) return { field, name, kind: 'list', ...list };
      const change = { old: shown(old), new: shown(now) };
      if (change.old.text === change.new.text) return { field, name, kind: 'hidden' };
      return { field, name, kind: 'change', ...change };
    });
}
