/*
 * The deliveries of one webhook follow a change of its settings: paused, resumed, deleted, other limits. The settings
 * themselves apply immediately; nothing is decided here.
 *
 *   start ──► settle, in batches ──┬─ settled, nothing changed meanwhile ─► end
 *              ▲                   │
 *              └───────────────────┴─ more to do, or woken ──► again
 */
import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { SettlingWebhook } from '../src/db/settling.js';
import { wake } from './deliver-event.js';

const { settleWebhook: settle } = proxyActivities<Activities>({
  startToCloseTimeout: '5 min',
  heartbeatTimeout: '30 s',
  retry: { initialInterval: '1 s', maximumInterval: '10 s' },
});

/** Completes when every delivery fits the webhook's settings. One at a time for each webhook. */
export async function settleWebhook(webhook: SettlingWebhook): Promise<void> {
  let woken = false;
  setHandler(wake, () => void (woken = true));
  let changed = 0;
  for (;;) {
    woken = false;
    const result = await settle(webhook);
    changed += result.changed;
    setCurrentDetails(`${changed} deliveries made to fit the webhook's settings`);
    if (result.isSettled && !woken) return;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof settleWebhook>(webhook);
    if (!result.isSettled) await condition(() => woken, '1 s');
  }
}
