/** What each scope of a tenant's key allows. */
export const scopeMeanings = {
  'webhooks:read': 'See webhooks, events, deliveries, statistics and the activity log, and follow deliveries live.',
  'webhooks:write': 'Create, change, pause and delete webhooks; send tests, retry deliveries, recover what was missed.',
  'messages:write': 'Send SMS and MMS, which may cost money, and read the messages that were sent and received.',
  'api_keys:write':
    'List, create and delete API keys. A key with it can make further keys, with its own scopes at most.',
} as const;

export type TenantScope = keyof typeof scopeMeanings;

export const tenantScopes = Object.keys(scopeMeanings) as TenantScope[];

/** The scopes that a session can give to a key: its own. An operator can give all. */
export const scopesToGive = ({
  kind,
  scopes,
}: {
  kind: 'tenant' | 'operator';
  scopes: readonly string[];
}): TenantScope[] => tenantScopes.filter((scope) => kind === 'operator' || scopes.includes(scope));
