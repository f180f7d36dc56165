import { Context } from '@temporalio/activity';
import type { Retention } from '../../src/db/retention-settings.js';
import { reconcileAccount } from '../../src/sources/messages/reconcile.js';
import type { SendMessageDeps } from './send-message.js';

export interface ReconcileMessagesDeps extends SendMessageDeps {
  retention: Pick<Retention, 'messages'>;
}

/** Compares Twilio's lists with ours, account by account; does nothing without one. Safe to repeat and to interrupt. */
export async function reconcileMessages(deps: ReconcileMessagesDeps): Promise<void> {
  const { twilio, log, retention } = deps;
  const reconcileDeps = { ...deps, retentionDays: retention.messages };
  for (const account of twilio?.client.accountSids ?? []) {
    const found = await reconcileAccount(reconcileDeps, twilio!.client, account, () => Context.current().heartbeat());
    if (found.received + found.reported > 0)
      log.warn({ account, ...found }, 'messages.reconciled: no callback had reported these');
  }
}
