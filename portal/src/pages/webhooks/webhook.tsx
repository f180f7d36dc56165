import { Settings } from 'lucide-react';
import { useState } from 'react';
import { useParams } from 'react-router';
import type { Webhook as WebhookData, WebhookStatistics } from '../../../../src/client/api-types.js';
import { useQueries } from '../../api/session.js';
import { WebhookCharts } from '../../charts/webhook-charts.js';
import { count, counted, percent } from '../../text/numbers.js';
import { duration } from '../../text/times.js';
import { Link } from '../../ui/link.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Page } from '../../ui/page.js';
import { Time } from '../../ui/time.js';
import { GoneWebhook, isGone } from './gone-webhook.js';
import { NewSecret, type RotatedSecret } from './rotate-secret.js';
import { RecentDeliveries } from './recent-deliveries.js';
import { WebhookActions } from './webhook-actions.js';
import { WebhookHealth } from './webhook-health.js';
import { eventsInShort } from './webhook-state.js';
import { WebhookBadges } from './webhooks.js';
import './webhooks.css';

const refreshMs = 5_000;
const trail = <Link to="webhooks">Webhooks</Link>;

/** How one webhook is doing, and what can be done with it. */
export function Webhook() {
  const id = Number(useParams()['webhookId']);
  const query = useQueries().useQuery(
    'get',
    '/v1/webhooks/{webhook_id}',
    { params: { path: { webhook_id: id } } },
    { refetchInterval: ({ state }) => (isGone(state.error) ? false : refreshMs) },
  );
  const [rotated, setRotated] = useState<RotatedSecret>();
  if (isGone(query.error)) return <GoneWebhook id={id} />;
  const webhook = query.data?.webhook;
  return (
    <Page
      title={webhook?.description ?? `Webhook ${id}`}
      trail={trail}
      badge={webhook && <WebhookBadges webhook={webhook} />}
      lead={webhook && <code className="webhook-address">{webhook.url}</code>}
      actions={
        webhook && (
          <>
            <Link to={`webhooks/${id}/settings`} className="button plain">
              <Settings aria-hidden="true" /> Settings
            </Link>
            <WebhookActions webhook={webhook} onRotated={setRotated} />
          </>
        )
      }
    >
      {rotated && <NewSecret key={rotated.secret} rotated={rotated} onDone={() => setRotated(undefined)} />}
      <Loaded query={query} lines={8}>
        {({ webhook, statistics }) => (
          <>
            <WebhookHealth webhook={webhook} />
            <Figures webhook={webhook} statistics={statistics} />
            <WebhookCharts webhookId={webhook.id} />
            <RecentDeliveries webhook={webhook} />
            <Facts webhook={webhook} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Figures({ webhook, statistics }: { webhook: WebhookData; statistics: WebhookStatistics }) {
  const { successful_deliveries: delivered, total_deliveries: ended } = webhook;
  const waiting = Number(statistics.pending_deliveries);
  const held = Number(statistics.held_deliveries);
  return (
    <div className="figures">
      <Figure name="Delivered" value={count(delivered)} more={percent(delivered, ended) ?? 'nothing has ended yet'} />
      <Figure
        name="Failed"
        value={count(webhook.failed_deliveries)}
        more={webhook.expired_deliveries > 0 ? `${count(webhook.expired_deliveries)} expired` : 'none expired'}
      />
      <Figure name="Pending" value={count(waiting)} more={held > 0 ? `${count(held)} held` : 'none held'} />
      <Figure
        name="Average attempt"
        value={statistics.attempts === '0' ? '–' : duration(Number(statistics.avg_duration_ms))}
        more={counted(statistics.attempts, 'attempt')}
      />
    </div>
  );
}

function Figure({ name, value, more }: { name: string; value: string; more: string }) {
  return (
    <div className="figure">
      <span className="figure-name">{name}</span>
      <span className="figure-value">{value}</span>
      <span className="figure-more">{more}</span>
    </div>
  );
}

function Facts({ webhook }: { webhook: WebhookData }) {
  return (
    <Card title="About">
      <dl className="facts">
        <dt>Event types</dt>
        <dd>{webhook.events.includes('*') ? eventsInShort(webhook.events) : webhook.events.join(', ')}</dd>
        <dt>Last success</dt>
        <dd>
          <Time value={webhook.last_success_at} as="full" />
        </dd>
        <dt>Last failure</dt>
        <dd>
          <Time value={webhook.last_failure_at} as="full" />
        </dd>
        {webhook.template !== null && (
          <>
            <dt>Template</dt>
            <dd>{webhook.template}</dd>
          </>
        )}
        {webhook.previous_secret_expires_at !== null && (
          <>
            <dt>Previous secret ends</dt>
            <dd>
              <Time value={webhook.previous_secret_expires_at} as="full" />
            </dd>
          </>
        )}
        <dt>Created</dt>
        <dd>
          <Time value={webhook.created_at} as="full" />
        </dd>
        <dt>Id</dt>
        <dd>{webhook.id}</dd>
      </dl>
    </Card>
  );
}
