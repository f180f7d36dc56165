import type { components } from '../../../../src/client/api-types.js';

export type Entry = components['schemas']['AuditEntry'];
export type Action = Entry['action'];
export type SubjectType = Entry['subject']['type'];

/** What the log is about, and the actions on it by name, in the order of the filter. */
export const subjects: Record<SubjectType, { title: string; actions: Partial<Record<Action, string>> }> = {
  webhook: {
    title: 'Webhooks',
    actions: {
      'webhook.created': 'Webhook created',
      'webhook.updated': 'Settings changed',
      'webhook.paused': 'Webhook paused',
      'webhook.resumed': 'Webhook resumed',
      'webhook.disabled': 'Webhook disabled by the service',
      'webhook.deleted': 'Webhook deleted',
      'webhook.secret_rotated': 'Secret rotated',
      'webhook.verification_requested': 'Verification requested',
      'webhook.verified': 'Webhook verified',
      'webhook.verification_failed': 'Verification failed',
    },
  },
  delivery: {
    title: 'Deliveries',
    actions: { 'delivery.retried': 'Delivery retried', 'delivery.revealed': 'Content shown to an operator' },
  },
  event: { title: 'Events', actions: { 'event.revealed': 'Event shown to an operator' } },
  recovery: {
    title: 'Recoveries',
    actions: { 'recovery.created': 'Recovery started', 'recovery.cancelled': 'Recovery cancelled' },
  },
  api_key: {
    title: 'Keys',
    actions: { 'api_key.created': 'Key created', 'api_key.deleted': 'Key deleted', 'api_key.expired': 'Key expired' },
  },
  portal_session: {
    title: 'Portal sessions',
    actions: { 'portal_session.started': 'Portal opened', 'portal_session.ended': 'Session ended' },
  },
  portal_link: { title: 'Portal links', actions: { 'portal_link.created': 'Portal link made' } },
  phone_number: {
    title: 'Phone numbers',
    actions: {
      'phone_number.assigned': 'Number assigned',
      'phone_number.updated': 'Number changed',
      'phone_number.released': 'Number released',
    },
  },
  tenant: {
    title: 'Account',
    actions: {
      'tenant.created': 'Account created',
      'tenant.quotas_set': 'Quotas set',
      'tenant.limits_set': 'Usage limits set',
      'tenant.retention_set': 'Retention set',
      'tenant.events_expunged': 'Events erased',
      'tenant.exported': 'Data exported',
      'tenant.deleted': 'Account deleted',
    },
  },
};
