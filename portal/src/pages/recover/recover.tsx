import { useMay } from '../../api/session.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { Page } from '../../ui/page.js';
import { useUrlFilters } from '../../ui/url-filters.js';
import { useWebhookNames } from '../../ui/webhook-name.js';
import { LookAtRecoveries, NewRecovery } from './new-recovery.js';
import { CurrentRecovery, Recoveries } from './recoveries.js';
import { choiceOf } from './recovery-request.js';
import './recover.css';

/** Sends again what a webhook missed. */
export function Recover() {
  const [parameters, change] = useUrlFilters();
  const mayWrite = useMay('webhooks:write');
  const { webhooks, isLoaded } = useWebhookNames();
  const choice = choiceOf(parameters);
  return (
    <Page
      title="Recover"
      lead="After an outage of your server, send again what a webhook missed: oldest first, at its pace, each event under its old id."
    >
      {choice.webhook !== '' && <CurrentRecovery webhookId={Number(choice.webhook)} />}
      {isLoaded && webhooks.length === 0 && choice.webhook === '' ? (
        <EmptyState title="There is no webhook yet.">
          <Link to="webhooks">Create a webhook</Link> first. It can then get events from before it existed, too.
        </EmptyState>
      ) : mayWrite ? (
        <NewRecovery choice={choice} change={change} />
      ) : (
        <LookAtRecoveries choice={choice} change={change} />
      )}
      {choice.webhook !== '' && <Recoveries webhookId={Number(choice.webhook)} />}
    </Page>
  );
}
