import type { Webhook } from '../../../../src/client/api-types.js';
import { stateOf, type WebhookState } from '../webhooks/webhook-state.js';

/** What is wrong with a webhook, and where to act. */
export interface Attention {
  webhook: Webhook;
  state: WebhookState;
  since: string;
  /** What to do, and on which page. */
  action: { title: string; to: string };
}

const order = { bad: 0, warn: 1, quiet: 2, good: 3 };

/** The webhooks that somebody should look at: the worst first, of these the ones that are so for longest. */
export function attentionOf(webhooks: readonly Webhook[]): Attention[] {
  return webhooks
    .map((webhook) => {
      const state = stateOf(webhook);
      return { webhook, state, since: state.since ?? webhook.updated_at, action: actionOf(webhook, state) };
    })
    .filter(({ state }) => state.tone !== 'good')
    .sort((a, b) => order[a.state.tone] - order[b.state.tone] || Date.parse(a.since) - Date.parse(b.since));
}

function actionOf({ id, unreadable, health }: Webhook, { label }: WebhookState): Attention['action'] {
  if (label === 'Failing') return { title: 'Show failures', to: `deliveries?webhook=${id}&status=failed` };
  if (unreadable.length > 0 && health.state !== 'disabled') return { title: 'Settings', to: `webhooks/${id}/settings` };
  return { title: 'Open', to: `webhooks/${id}` };
}
