import { Page } from '../ui/page.js';
import { EmptyState } from '../ui/empty-state.js';
import { Link } from '../ui/link.js';

/** At a path that is no page. */
export function NotFound() {
  return (
    <Page title="There is no such page">
      <EmptyState title="The link may be mistyped or outdated.">
        <Link to="">Go to the first page</Link>
      </EmptyState>
    </Page>
  );
}
