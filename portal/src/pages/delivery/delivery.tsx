import { useState } from 'react';
import { useParams } from 'react-router';
import type { DeliveryDetail } from '../../../../src/client/api-types.js';
import { useQueries, useSession } from '../../api/session.js';
import { DeliveryStatusBadge } from '../../ui/delivery-status.js';
import { Link } from '../../ui/link.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Page } from '../../ui/page.js';
import { useWebhookNames } from '../../ui/webhook-name.js';
import { Attempts } from './attempts.js';
import { Facts } from './facts.js';
import { Hidden } from './hidden.js';
import { Repeat } from './repeat.js';
import { RequestBody } from './request-body.js';
import { RetryButton } from './retry-button.js';
import { withRevealed } from './revealed.js';
import { SignatureCard } from './signature-card.js';
import { StatusCard } from './status-card.js';
import { temporalLink, workflowIdOf } from './temporal-link.js';
import { useWebhookOf } from './use-webhook.js';
import './delivery.css';

const pendingMs = 2_000;
const heldMs = 15_000;

/** What was sent of one event to one webhook, what came back, why, and what to do. */
export function Delivery() {
  const { webhookId = '', deliveryId = '' } = useParams();
  const { nameOf } = useWebhookNames();
  const [revealed, setRevealed] = useState<DeliveryDetail | null>(null);
  const query = useQueries().useQuery(
    'get',
    '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}',
    { params: { path: { webhook_id: Number(webhookId), delivery_id: deliveryId } } },
    {
      refetchInterval: ({ state }) => {
        const status = state.data?.delivery.status;
        return status === 'pending' ? pendingMs : status === 'held' ? heldMs : false;
      },
    },
  );
  const delivery = query.data && withRevealed(query.data.delivery, revealed);
  return (
    <Page
      title={delivery?.event_type ?? 'Delivery'}
      badge={delivery && <DeliveryStatusBadge status={delivery.status} />}
      trail={
        <>
          <Link to="deliveries">Deliveries</Link>
          <Link to={`deliveries?webhook=${webhookId}`}>{nameOf(Number(webhookId))}</Link>
        </>
      }
      actions={
        delivery && (
          <>
            <TemporalLink delivery={delivery} />
            <RetryButton delivery={delivery} />
          </>
        )
      }
    >
      <Loaded query={query} lines={10}>
        {() => delivery && <Content delivery={delivery} onReveal={setRevealed} />}
      </Loaded>
    </Page>
  );
}

interface ContentProps {
  delivery: DeliveryDetail;
  onReveal: (delivery: DeliveryDetail) => void;
}

function Content({ delivery, onReveal }: ContentProps) {
  const webhook = useWebhookOf(delivery.webhook_id);
  const lastAttempt = delivery.attempts_next_cursor === null ? delivery.attempts.at(-1) : undefined;
  const isHidden = delivery.bodies_hidden === true && delivery.body === null;
  const signed = delivery.attempts.findLast(({ request_headers: headers }) => headers !== null);
  return (
    <div className="detail-page delivery-page">
      <div className="stack delivery-main">
        <StatusCard delivery={delivery} webhook={webhook} lastAttempt={lastAttempt} />
        <Card title="Attempts">
          <Attempts delivery={delivery} webhook={webhook} />
        </Card>
        {isHidden ? (
          <Hidden delivery={delivery} onReveal={onReveal} />
        ) : (
          <>
            <RequestBody delivery={delivery} />
            {delivery.body !== null && signed?.request_headers && (
              <>
                <SignatureCard body={delivery.body} headers={signed.request_headers} attempt={signed.number} />
                <Repeat delivery={delivery} body={delivery.body} attempt={signed} webhook={webhook} />
              </>
            )}
          </>
        )}
      </div>
      <Facts delivery={delivery} />
    </div>
  );
}

/** For operators, where the service knows the address of the Temporal Web UI. */
function TemporalLink({ delivery }: { delivery: DeliveryDetail }) {
  const { kind, temporal_ui_url: uiUrl, temporal_namespace: namespace } = useSession();
  if (kind !== 'operator' || !uiUrl || !namespace) return null;
  return (
    <a
      className="button plain"
      href={temporalLink(uiUrl, namespace, workflowIdOf(delivery))}
      target="_blank"
      rel="noreferrer"
    >
      Workflow in Temporal
    </a>
  );
}
