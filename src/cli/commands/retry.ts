import { unwrap } from '../../client/index.js';
import { chooseWebhook, type Context } from '../context.js';

/** `irisx retry`: sends a delivery again. */
export async function retry(
  context: Context,
  deliveryId: string,
  { webhook, force = false }: { webhook?: number; force?: boolean },
): Promise<void> {
  const { client, tenantQuery: query, io, json } = context;
  const path = { webhook_id: await chooseWebhook(context, webhook), delivery_id: deliveryId };
  const { delivery } = unwrap(
    await client.POST('/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry', {
      params: { path, query },
      body: { force },
    }),
  );
  if (json) io.out(JSON.stringify(delivery));
  else io.out(`${delivery.id}  ${delivery.status}; attempts so far: ${delivery.attempt_count}`);
}
