import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { pages } from '../../api/pages.js';
import { useMay, useQueries, useScope } from '../../api/session.js';
import { scopeMeanings, tenantScopes } from '../../text/scopes.js';
import { Button } from '../../ui/button.js';
import { EmptyState } from '../../ui/empty-state.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Card, Page } from '../../ui/page.js';
import { ShownOnce } from '../../ui/shown-once.js';
import { KeyTable } from './key-table.js';
import { NewKeyDialog } from './new-key-dialog.js';
import './keys.css';

const lead = 'Programs call the REST API with a key: they manage webhooks and read deliveries as you do here.';

/** The API keys of the tenant. */
export function Keys() {
  if (useMay('api_keys:write')) return <KeyList />;
  return (
    <Page title="Keys" lead={lead}>
      <EmptyState title="You may not see or create API keys in this session">
        <p>
          That needs the scope <code>api_keys:write</code>. Whoever runs your telephony platform can open the portal for
          you with it, or create a key for you.
        </p>
      </EmptyState>
      <ScopeMeanings />
    </Page>
  );
}

function KeyList() {
  const { tenantId } = useScope();
  const [isCreating, setIsCreating] = useState(false);
  const [created, setCreated] = useState<{ name: string; key: string }>();
  const query = useQueries().useInfiniteQuery(
    'get',
    '/v1/tenants/{tenant_id}/api-keys',
    { params: { path: { tenant_id: tenantId! } } },
    pages,
  );
  const createButton = (
    <Button kind="primary" onClick={() => setIsCreating(true)}>
      <Plus aria-hidden="true" /> Create key
    </Button>
  );
  return (
    <Page title="Keys" lead={lead} actions={createButton}>
      {created && (
        <ShownOnce
          key={created.key}
          title={`Copy the key “${created.name}” now`}
          value={created.key}
          of="the key"
          onDone={() => setCreated(undefined)}
        >
          <p>
            It is shown this once. Only a hash of it is kept, so nobody can look it up later. Programs send it as a
            header: <code>Authorization: Bearer {created.key.slice(0, 12)}…</code>
          </p>
        </ShownOnce>
      )}
      <Loaded query={query}>
        {(data) => {
          const keys = data.pages.flatMap((page) => page.api_keys);
          if (keys.length > 0) return <KeyTable keys={keys} />;
          return (
            <EmptyState title="There is no API key yet">
              <p>Create one for each program that calls the API, so that you can revoke one without the others.</p>
            </EmptyState>
          );
        }}
      </Loaded>
      <LoadMore query={query} />
      <ScopeMeanings />
      {isCreating && (
        <NewKeyDialog
          onCreated={(key) => {
            setCreated(key);
            setIsCreating(false);
          }}
          onClose={() => setIsCreating(false)}
        />
      )}
    </Page>
  );
}

function ScopeMeanings() {
  return (
    <Card
      title={
        <span className="row">
          <KeyRound aria-hidden="true" /> What the scopes allow
        </span>
      }
    >
      <dl className="facts">
        {tenantScopes.map((scope) => (
          <div key={scope} className="scope-meaning">
            <dt>
              <code>{scope}</code>
            </dt>
            <dd>{scopeMeanings[scope]}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
