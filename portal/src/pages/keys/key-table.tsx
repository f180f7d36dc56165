import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../api/api-error.js';
import { useQueries, useScope } from '../../api/session.js';
import type { components } from '../../../../src/client/api-types.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { Scopes } from '../../ui/scope-fields.js';
import { Table } from '../../ui/table.js';
import { Time, useNow } from '../../ui/time.js';
import { useToast } from '../../ui/toast.js';

type ApiKey = components['schemas']['ApiKey'];

const columns = [
  'Name',
  'Scopes',
  { title: 'Created', wideOnly: true },
  { title: 'Last used', wideOnly: true },
  { title: 'Expires', wideOnly: true },
  { title: 'Actions', isHidden: true },
];

export function KeyTable({ keys }: { keys: ApiKey[] }) {
  const [toDelete, setToDelete] = useState<ApiKey>();
  return (
    <>
      <Table name="API keys" columns={columns}>
        {keys.map((key) => (
          <Row key={key.id} apiKey={key} onDelete={() => setToDelete(key)} />
        ))}
      </Table>
      {toDelete && <DeleteDialog apiKey={toDelete} onClose={() => setToDelete(undefined)} />}
    </>
  );
}

function Row({ apiKey, onDelete }: { apiKey: ApiKey; onDelete: () => void }) {
  const now = useNow();
  const { name, prefix, scopes, created_at: createdAt, last_used_at: lastUsedAt, expires_at: expiresAt } = apiKey;
  const isExpired = expiresAt !== null && new Date(expiresAt) <= now;
  return (
    <tr>
      <th scope="row">
        <div className="key-name">{name}</div>
        <code className="quiet">{prefix}…</code> {isExpired && <Badge tone="warn">Expired</Badge>}
      </th>
      <td>
        <Scopes scopes={scopes} />
      </td>
      <td className="wide-only nowrap">
        <Time value={createdAt} />
      </td>
      <td className="wide-only nowrap">{lastUsedAt ? <Time value={lastUsedAt} as="relative" /> : 'Never'}</td>
      <td className="wide-only nowrap">{expiresAt === null ? 'Never' : <Time value={expiresAt} as="relative" />}</td>
      <td className="right">
        <Button kind="danger" className="button danger small" aria-label={`Delete the key ${name}`} onClick={onDelete}>
          Delete
        </Button>
      </td>
    </tr>
  );
}

function DeleteDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { tenantId } = useScope();
  const queryClient = useQueryClient();
  const toast = useToast();
  const remove = useQueries().useMutation('delete', '/v1/tenants/{tenant_id}/api-keys/{key_id}');
  const confirm = async () => {
    try {
      await remove.mutateAsync({ params: { path: { tenant_id: tenantId!, key_id: apiKey.id } } });
      toast.done(`The key “${apiKey.name}” was deleted.`);
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      toast.done(`The key “${apiKey.name}” had been deleted already.`);
    }
    await queryClient.invalidateQueries({ queryKey: ['get', '/v1/tenants/{tenant_id}/api-keys'] });
  };
  return (
    <ConfirmDialog
      title={`Delete the key “${apiKey.name}”?`}
      action="Delete key"
      isDangerous
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>Calls with it are refused from now on. This cannot be undone: the program that uses it needs another key.</p>
      <p>
        {apiKey.last_used_at ? (
          <>
            It was last used <Time value={apiKey.last_used_at} as="relative" />.
          </>
        ) : (
          'It has never been used.'
        )}
      </p>
    </ConfirmDialog>
  );
}
