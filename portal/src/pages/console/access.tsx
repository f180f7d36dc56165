import { NewLink } from './new-link.js';
import { PortalSessions } from './portal-sessions.js';
import { Page } from '../../ui/page.js';
import './console.css';

/** Who may enter a tenant's portal: an operator makes links, and ends sessions. */
export function Access() {
  return (
    <Page
      title="Portal access"
      lead="The tenant’s people see these pages, too: in the portal, which opens with a link. Your platform makes such links when they need one; here you make one by hand."
    >
      <NewLink />
      <PortalSessions />
    </Page>
  );
}
