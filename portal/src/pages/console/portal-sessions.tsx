import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../api/api-error.js';
import { pages } from '../../api/pages.js';
import { useQueries, useScope } from '../../api/session.js';
import type { components } from '../../../../src/client/api-types.js';
import { Button } from '../../ui/button.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { EmptyState } from '../../ui/empty-state.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Card } from '../../ui/page.js';
import { Scopes } from '../../ui/scope-fields.js';
import { Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { useToast } from '../../ui/toast.js';

type PortalSession = components['schemas']['PortalSession'];

const list = '/v1/tenants/{tenant_id}/portal-sessions';
const columns = [
  'Who',
  { title: 'May do', wideOnly: true },
  { title: 'Opened', wideOnly: true },
  { title: 'Last used', wideOnly: true },
  'Ends',
  { title: 'Actions', isHidden: true },
] as const;

/** Who is in the portal now. */
export function PortalSessions() {
  const { tenantId } = useScope();
  const query = useQueries().useInfiniteQuery(
    'get',
    list,
    { params: { path: { tenant_id: tenantId! }, query: { limit: 50 } } },
    { ...pages, refetchInterval: 15_000 },
  );
  const [toEnd, setToEnd] = useState<PortalSession | 'all'>();
  return (
    <Card
      title="Open sessions"
      actions={
        <Button kind="danger" className="button danger small" onClick={() => setToEnd('all')}>
          End all
        </Button>
      }
    >
      <Loaded query={query}>
        {(data) => {
          const sessions = data.pages.flatMap((page) => page.portal_sessions);
          if (sessions.length === 0)
            return (
              <EmptyState title="Nobody is in the portal">“End all” takes back links that were not opened.</EmptyState>
            );
          return (
            <Table name="Open sessions" columns={columns}>
              {sessions.map((session) => (
                <Row key={session.id} session={session} onEnd={() => setToEnd(session)} />
              ))}
            </Table>
          );
        }}
      </Loaded>
      <LoadMore query={query} />
      {toEnd && <EndDialog toEnd={toEnd} onClose={() => setToEnd(undefined)} />}
    </Card>
  );
}

function Row({ session, onEnd }: { session: PortalSession; onEnd: () => void }) {
  const { name, scopes, created_at: createdAt, last_used_at: lastUsedAt, expires_at: expiresAt } = session;
  return (
    <tr>
      <th scope="row" className="console-who console-name">
        {name}
      </th>
      <td className="wide-only">
        <Scopes scopes={scopes} />
      </td>
      <td className="wide-only nowrap">
        <Time value={createdAt} />
      </td>
      <td className="wide-only nowrap">{lastUsedAt ? <Time value={lastUsedAt} as="relative" /> : 'Never'}</td>
      <td className="nowrap">
        <Time value={expiresAt} as="relative" />
      </td>
      <td className="right">
        <Button className="button plain small" aria-label={`End the session of ${name}`} onClick={onEnd}>
          End
        </Button>
      </td>
    </tr>
  );
}

function EndDialog({ toEnd, onClose }: { toEnd: PortalSession | 'all'; onClose: () => void }) {
  const { tenantId } = useScope();
  const queryClient = useQueryClient();
  const toast = useToast();
  const queries = useQueries();
  const endOne = queries.useMutation('delete', '/v1/tenants/{tenant_id}/portal-sessions/{session_id}');
  const endAll = queries.useMutation('delete', list);
  const path = { tenant_id: tenantId! };
  const end = async () => {
    if (toEnd === 'all') await endAll.mutateAsync({ params: { path } });
    else
      await endOne.mutateAsync({ params: { path: { ...path, session_id: toEnd.id } } }).catch((error: unknown) => {
        // It ended by itself, or somebody else was faster.
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      });
    toast.done(toEnd === 'all' ? 'All sessions have ended.' : `The session of ${toEnd.name} has ended.`);
    await queryClient.invalidateQueries({ queryKey: ['get', list] });
  };
  return (
    <ConfirmDialog
      title={toEnd === 'all' ? 'End all sessions?' : `End the session of ${toEnd.name}?`}
      action={toEnd === 'all' ? 'End all sessions' : 'End session'}
      isDangerous
      onConfirm={end}
      onClose={onClose}
    >
      <p>
        {toEnd === 'all'
          ? 'Everybody in this tenant’s portal is out at once, and links that were not opened yet stop working. API keys stay.'
          : 'Whoever uses it is out at once, and needs a new link. API keys that were made in it stay.'}
      </p>
    </ConfirmDialog>
  );
}
