import { counted, count } from '../../text/numbers.js';
import { duration } from '../../text/times.js';

const names: Record<string, string> = {
  url: 'url',
  events: 'event types',
  description: 'description',
  headers: 'headers',
  rate_limit_per_minute: 'limit per minute',
  rate_limit_per_hour: 'limit per hour',
  max_retries: 'number of retries',
  timeout_ms: 'timeout',
  batch: 'batches',
  disable_after_hours: 'time until it is disabled',
  ordering: 'order',
  retry_schedule: 'retry schedule',
  ttl_seconds: 'expiry of events',
  filter: 'filter',
  transform: 'transform',
  fallback_url: 'fallback url',
  enabled: 'enabled',
  disabled_reason: 'reason',
  secret: 'secret',
  previous_secret_expires_at: 'end of the old secret',
  scopes: 'scopes',
  prefix: 'first characters',
  expires_at: 'expiry',
  expired_at: 'expiry',
  session_seconds: 'length of the session',
  ends_in: 'last digits',
  account_sid: 'Twilio account',
  external_id: 'id at the platform',
  webhook_id: 'webhook',
  event_types: 'event types',
  include_missing: 'events without a delivery, too',
  total: 'deliveries',
};

/** A field of the audit log in words. */
export const fieldName = (field: string): string => names[field] ?? field.replaceAll('_', ' ');

/** A value as a person reads it: a time, JSON, or a text (`quiet`: it stands for the value). */
export interface ShownValue {
  kind: 'text' | 'quiet' | 'time' | 'json';
  text: string;
}

const masked = '[masked]';
/** What null means, where it is more than "none". */
const meaningsOfNull: Record<string, string> = {
  rate_limit_per_minute: 'no limit',
  rate_limit_per_hour: 'no limit',
  events_per_minute: 'no limit',
  requests_per_minute: 'no limit',
  call_minutes: 'no limit',
  sms_segments: 'no limit',
  disable_after_hours: 'never',
  expires_at: 'never',
  account_sid: 'the one that sends',
};

const text = (value: string): ShownValue => ({ kind: 'text', text: value });
const quiet = (value: string): ShownValue => ({ kind: 'quiet', text: value });

/** `isOfRetention`: the field is a number of days. */
export function shownValue(field: string, value: unknown, isOfRetention = false): ShownValue {
  if (value === masked) return quiet('hidden');
  if (value === null || value === undefined)
    return quiet(isOfRetention ? 'the default' : (meaningsOfNull[field] ?? 'none'));
  switch (typeof value) {
    case 'boolean':
      return text(value ? 'yes' : 'no');
    case 'number':
      return text(numberOf(field, value, isOfRetention));
    case 'string':
      if (value === '') return quiet('empty');
      return field.endsWith('_at') || field === 'since' || field === 'until'
        ? { kind: 'time', text: value }
        : text(value);
    default:
      return objectOf(field, value);
  }
}

function numberOf(field: string, value: number, isOfRetention: boolean): string {
  if (isOfRetention) return counted(value, 'day');
  if (field === 'timeout_ms') return duration(value);
  if (field === 'session_seconds') return duration(value * 1_000);
  if (field === 'disable_after_hours') return counted(value, 'hour');
  return field === 'webhook_id' ? String(value) : count(value);
}

function objectOf(field: string, value: object): ShownValue {
  if (Array.isArray(value)) {
    if (value.length === 0) return quiet('none');
    if (field === 'retry_schedule') return text(value.map((seconds: number) => duration(seconds * 1_000)).join(', '));
    return text(value.map((item) => (item === '*' ? 'all' : String(item))).join(', '));
  }
  const entries = Object.entries(value) as [string, unknown][];
  if (entries.length === 0) return quiet('none');
  // Of headers, the log has the names.
  if (field === 'headers') return text(entries.map(([name]) => name).join(', '));
  if (field === 'ttl_seconds')
    return text(
      entries
        .map(([type, seconds]) => `${type === '*' ? 'all' : type}: ${duration(Number(seconds) * 1_000)}`)
        .join(', '),
    );
  if (field === 'batch' && 'max_events' in value && 'max_wait_seconds' in value)
    return text(`up to ${String(value.max_events)} events, after ${String(value.max_wait_seconds)} s at the latest`);
  if (field === 'verification' && 'status' in value && 'last_error' in value)
    return text([value.status, value.last_error].filter(Boolean).join(': '));
  return { kind: 'json', text: JSON.stringify(value) };
}

/** A list of words that got longer or shorter: which came and which went. Null: it is no such list. */
export function listChange(old: unknown, now: unknown): { added: string[]; removed: string[] } | null {
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (!isList(old) || !isList(now)) return null;
  return { added: now.filter((item) => !old.includes(item)), removed: old.filter((item) => !now.includes(item)) };
}
