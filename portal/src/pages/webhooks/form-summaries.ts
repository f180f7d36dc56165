import { count, counted } from '../../text/numbers.js';
import { duration } from '../../text/times.js';
import type { WebhookForm } from './webhook-form.js';

/** What is set in each section, in a few words. */
export function summariesOf(form: WebhookForm) {
  const limits = [perTime(form.ratePerMinute, 'a minute'), perTime(form.ratePerHour, 'an hour')].filter(Boolean);
  const schedules = {
    guide: 'within half a minute',
    patient: 'for three days',
    own: `after ${form.delays} s`,
  };
  return {
    limits: `${limits.join(', ') || 'No limit'}; timeout ${duration(Number(form.timeoutMs))}`,
    retries:
      form.maxRetries === '0'
        ? 'None'
        : `${counted(form.maxRetries || 0, 'retry', 'retries')} ${schedules[form.schedule]}`,
    fallback: form.fallbackUrl.trim() || 'None',
    order: form.isOrdered ? 'One after the other, by call, message or number' : 'As they come',
    expiry:
      form.ttl.map(({ type, seconds }) => `${type === '*' ? 'all' : type} after ${inWords(seconds)}`).join(', ') ||
      'Never',
    filter: form.filter.trim() === '' ? 'None: every event' : 'Only events that match',
    transform: form.transform.trim() === '' ? 'None: the event as it is' : 'A body of your own',
    batch: form.isBatched
      ? `Up to ${form.batchMaxEvents} events, or after ${form.batchMaxWaitSeconds} s`
      : 'Each event by itself',
    headers: form.headers.map(({ name }) => name).join(', ') || 'None',
  };
}

const perTime = (limit: string, unit: string) => (limit === '' ? '' : `${count(limit)} ${unit}`);

const inWords = (seconds: string) => duration(1_000 * Number(seconds));
