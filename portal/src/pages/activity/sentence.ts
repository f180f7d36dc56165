import { counted } from '../../text/numbers.js';
import type { Action, Entry } from './actions.js';
import { fieldName } from './fields.js';

/** "alice@acme.example changed the url of webhook 3": who, how it was done, what was done, to which thing. */
export interface Sentence {
  who: string;
  /** By what means: "portal", "API key". Null: by itself. */
  by: string | null;
  /** Up to the thing. */
  did: string;
  /** May be empty. */
  thing: string;
  /** The page of the thing, as `Link` takes it; null: it has none. */
  to: string | null;
  /** After the thing. May be empty. */
  rest: string;
}

type Phrase = [did: string, rest?: string];

const phrases: Record<Action, Phrase | ((entry: Entry) => Phrase)> = {
  'webhook.created': ({ changes }) => ['created', changes['url'] ? `for ${text(changes['url'].new)}` : ''],
  'webhook.updated': ({ changes }) => [`changed ${settings(Object.keys(changes))} of`],
  'webhook.paused': ['paused'],
  'webhook.resumed': ['resumed'],
  'webhook.disabled': ['disabled'],
  'webhook.deleted': ['deleted'],
  'webhook.secret_rotated': ['rotated the secret of'],
  'webhook.verification_requested': ['asked to verify the receiver of'],
  'webhook.verification_failed': ['could not verify the receiver of'],
  'webhook.verified': ['verified the receiver of'],
  'delivery.retried': ['retried'],
  'delivery.revealed': ['looked at the content of'],
  'event.revealed': ['looked at the content of'],
  'recovery.created': ({ changes }) => {
    const { webhook_id: webhook, total } = changes;
    return [
      'started',
      [
        webhook && `of webhook ${text(webhook.new)}`,
        total && `with ${counted(Number(total.new), 'delivery', 'deliveries')}`,
      ]
        .filter(Boolean)
        .join(' '),
    ];
  },
  'recovery.cancelled': ['cancelled'],
  'api_key.created': ['created'],
  'api_key.deleted': ['deleted'],
  'api_key.expired': ['noted that', 'has expired'],
  'portal_link.created': ({ changes }) => ['made', changes['name'] ? `for ${text(changes['name'].new)}` : ''],
  'portal_session.started': ['opened the portal'],
  'portal_session.ended': (entry) => (isOwnSession(entry) ? ['signed out of the portal'] : ['ended']),
  'phone_number.assigned': ['assigned'],
  'phone_number.updated': ['changed the account of'],
  'phone_number.released': ['released'],
  'tenant.created': ['created this account'],
  'tenant.quotas_set': ['set the quotas of this account'],
  'tenant.limits_set': ['set the usage limits of this account'],
  'tenant.retention_set': ['set how long data of this account is kept'],
  'tenant.events_expunged': ['erased events on request'],
  'tenant.exported': ['exported the data of this account'],
  'tenant.deleted': ['deleted this account'],
};

/** An entry of the audit log in words. */
export function sentenceOf(entry: Entry): Sentence {
  const phrase = phrases[entry.action];
  const [did, rest = ''] = typeof phrase === 'function' ? phrase(entry) : phrase;
  return { ...actorOf(entry), did, thing: thingOf(entry), to: pageOf(entry), rest };
}

const ofConsole = / \(console\)$/;

function actorOf({ actor: { type, id, name } }: Entry): Pick<Sentence, 'who' | 'by'> {
  if (type === 'system') return { who: 'The service', by: null };
  if (type === 'portal') return { who: name === 'portal' ? 'Somebody' : name, by: 'portal' };
  const by = ofConsole.test(name) ? 'operator’s console' : id === null ? 'admin key' : 'API key';
  return { who: id === null ? 'The platform' : name.replace(ofConsole, ''), by };
}

function thingOf(entry: Entry): string {
  const { subject, changes } = entry;
  switch (subject.type) {
    case 'webhook':
      return `webhook ${subject.id}`;
    case 'delivery':
      return `delivery ${shortId(subject.id)}`;
    case 'event':
      return `event ${shortId(subject.id)}`;
    case 'recovery':
      return `recovery ${shortId(subject.id)}`;
    case 'api_key':
      return `the key ${named(changes['name']) ?? shortId(subject.id)}`;
    case 'portal_link':
      return 'a link to the portal';
    case 'portal_session':
      if (entry.action === 'portal_session.started' || isOwnSession(entry)) return '';
      return `the portal session ${named(changes['name']) ?? shortId(subject.id)}`;
    case 'phone_number':
      return `the number ${changes['ends_in'] ? `ending in ${text(valueOf(changes['ends_in']))}` : shortId(subject.id)}`;
    case 'tenant':
      return '';
  }
}

function pageOf({ action, subject }: Entry): string | null {
  const { webhook_id: webhook } = subject;
  switch (subject.type) {
    case 'webhook':
      return action === 'webhook.deleted' ? null : `webhooks/${subject.id}`;
    case 'delivery':
      return webhook === null ? null : `webhooks/${webhook}/deliveries/${subject.id}`;
    case 'event':
      return `events/${subject.id}`;
    case 'recovery':
      return webhook === null ? 'recover' : `recover?webhook=${webhook}`;
    case 'api_key':
      return action === 'api_key.created' ? 'keys' : null;
    default:
      return null;
  }
}

const isOwnSession = ({ actor, subject }: Entry): boolean => actor.type === 'portal' && actor.id === subject.id;

function settings(fields: string[]): string {
  if (fields.length > 3) return `${fields.length} settings`;
  return new Intl.ListFormat('en').format(fields.map((field) => `the ${fieldName(field)}`));
}

const valueOf = (change: { old?: unknown; new?: unknown }): unknown => change.new ?? change.old;
const named = (change: { old?: unknown; new?: unknown } | undefined): string | null =>
  change ? `“${text(valueOf(change))}”` : null;
const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Enough of a UUIDv7 to tell it from its neighbours: its random end. */
const shortId = (id: string): string => `…${id.slice(-8)}`;
