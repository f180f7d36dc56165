import type { WebhookTemplate } from '../../../../src/client/api-types.js';
import { Link } from '../../ui/link.js';
import { ownReceiver } from './new-webhook-kind.js';

/** First of all: where the events are to go. */
export function ChooseKind({ templates }: { templates: WebhookTemplate[] }) {
  return (
    <ul className="kinds">
      <li>
        <Link to={`webhooks/new?to=${ownReceiver}`} className="kind">
          <strong>My own receiver</strong>
          <span className="quiet">An endpoint that you write. It gets each event as signed JSON.</span>
        </Link>
      </li>
      {templates
        .filter(({ name }) => name !== ownReceiver)
        .map((template) => (
          <li key={template.name}>
            <Link to={`webhooks/new?to=${template.name}`} className="kind">
              <strong>{template.title}</strong>
              <span className="quiet">
                {template.transform === null
                  ? 'Gets each event as it is.'
                  : 'Gets a readable message for each event that people want to know of.'}
              </span>
            </Link>
          </li>
        ))}
    </ul>
  );
}
