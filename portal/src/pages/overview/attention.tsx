import { CircleCheck } from 'lucide-react';
import type { Webhook } from '../../../../src/client/api-types.js';
import { count, counted } from '../../text/numbers.js';
import { Badge } from '../../ui/badge.js';
import { Link } from '../../ui/link.js';
import { Card } from '../../ui/page.js';
import { Time } from '../../ui/time.js';
import { webhookName } from '../../ui/webhook-name.js';
import { attentionOf } from './attention-of.js';

const shownAtMost = 8;

/** Webhooks with something wrong: what it is, and where to act. */
export function AttentionCard({ webhooks, isAll }: { webhooks: readonly Webhook[]; isAll: boolean }) {
  const items = attentionOf(webhooks);
  const problems = items.filter(({ state }) => state.tone !== 'quiet').length;
  return (
    <Card title="What needs attention" actions={problems > 0 && <Badge tone="bad">{count(problems)}</Badge>}>
      {problems === 0 && (
        <p className="all-well">
          <CircleCheck aria-hidden="true" /> Nothing. {isAll ? 'All' : 'The newest'}{' '}
          {counted(webhooks.length - items.length, 'webhook')} that{' '}
          {webhooks.length - items.length === 1 ? 'is' : 'are'} not paused get their deliveries.
        </p>
      )}
      {items.length > 0 && (
        <ul className="attention">
          {items.slice(0, shownAtMost).map(({ webhook, state, since, action }) => (
            <li key={webhook.id}>
              <div className="attention-state">
                <Badge tone={state.tone}>{state.label}</Badge>
                <span className="quiet">
                  <Time value={since} as="relative" />
                </span>
              </div>
              <div className="attention-what">
                <Link to={`webhooks/${webhook.id}`}>{webhookName(webhook)}</Link>
                <p>{state.says}</p>
              </div>
              <Link className="button small" to={action.to}>
                {action.title}
                <span className="visually-hidden"> of {webhookName(webhook)}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {items.length > shownAtMost && (
        <p>
          <Link to="webhooks">Show all {count(items.length)}</Link>
        </p>
      )}
      {!isAll && <p className="quiet">Of the newest {count(webhooks.length)} webhooks.</p>}
    </Card>
  );
}
