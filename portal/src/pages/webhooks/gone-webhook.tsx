import { ApiError } from '../../api/api-error.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { Page } from '../../ui/page.js';

/** It was deleted, perhaps in another tab, or there never was one. */
export const isGone = (error: unknown) => error instanceof ApiError && error.status === 404;

export function GoneWebhook({ id }: { id: number }) {
  return (
    <Page title={`Webhook ${id}`} trail={<Link to="webhooks">Webhooks</Link>}>
      <EmptyState title="There is no such webhook">
        <p>It may have been deleted. Its deliveries can be read for as long as they are kept.</p>
        <p>
          <Link to={`deliveries?webhook=${id}`}>Its deliveries</Link> · <Link to="webhooks">All webhooks</Link>
        </p>
      </EmptyState>
    </Page>
  );
}
