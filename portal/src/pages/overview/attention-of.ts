import type { Webhook } from '../../../../src/client/api-types.js';

/** What is wrong with a webhook, and where to act. */
export interface Attention {
  webhookId: number;
  /** Of its webhook, a word or two. */
  state: string;
  tone: 'bad' | 'warn' | 'quiet';
  reason: string;
  /** Since when. */
  since: string;
  /** What to do, and on which page. */
  action: { title: string; to: string };
}

const order = { bad: 0, warn: 1, quiet: 2 };

/** The webhooks that somebody should look at: the worst first, of these the ones that are so for longest. */
export function attentionOf(webhooks: readonly Webhook[]): Attention[] {
  return webhooks
    .flatMap((webhook) => attentionOfOne(webhook) ?? [])
    .sort((a, b) => order[a.tone] - order[b.tone] || Date.parse(a.since) - Date.parse(b.since));
}

/** The first thing to mend; null: there is nothing. */
function attentionOfOne(webhook: Webhook): Attention | null {
  const { id, health, verification, unreadable, enabled } = webhook;
  const page = `webhooks/${id}`;
  if (unreadable.length > 0) {
    const what = unreadable.includes('secret') ? 'signing secret' : 'custom headers';
    return {
      webhookId: id,
      state: 'Unreadable',
      tone: 'bad',
      reason: `The service cannot decrypt its ${what}, so nothing is sent. Its operator has been alerted. You need not wait: ${unreadable.includes('secret') ? 'replace the secret' : 'set the headers anew'}.`,
      since: webhook.updated_at,
      action: { title: 'Open settings', to: `${page}/settings` },
    };
  }
  if (webhook.disabled_at !== null) {
    return {
      webhookId: id,
      state: 'Disabled',
      tone: 'bad',
      reason: `The service disabled it: ${sentence(webhook.disabled_reason ?? 'it failed for too long')} Its deliveries are held until you enable it.`,
      since: webhook.disabled_at,
      action: { title: 'Open and enable', to: page },
    };
  }
  if (verification.status === 'pending') {
    return {
      webhookId: id,
      state: 'Not verified',
      tone: 'warn',
      reason: verification.last_error
        ? `The receiver did not answer the challenge: ${sentence(verification.last_error)} Its deliveries are held.`
        : 'The receiver is being asked whether it wants deliveries. They are held until it answers.',
      since: webhook.updated_at,
      action: { title: 'Open and verify', to: page },
    };
  }
  if (!enabled) {
    return {
      webhookId: id,
      state: 'Paused',
      tone: 'quiet',
      reason: 'Its deliveries are held, none is lost. They are sent when you resume it.',
      since: webhook.updated_at,
      action: { title: 'Open and resume', to: page },
    };
  }
  if (health.state === 'failing') {
    const failures = health.consecutive_failures;
    return {
      webhookId: id,
      state: 'Failing',
      tone: 'bad',
      reason: `${failures > 0 ? `${failures === 1 ? 'The last delivery' : `The last ${failures} deliveries`} failed.` : 'All attempts of the last minutes failed.'} ${sentence(health.last_error ?? 'The cause is not known')}`,
      since: health.since,
      action: { title: 'Show failures', to: `deliveries?webhook=${id}&status=failed` },
    };
  }
  return null;
}

/** With a capital and a full stop. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
