// Made by scripts/client-types.ts from the OpenAPI document; change the endpoints.

export interface paths {
  '/v1/tenants': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List tenants, newest first
     * @description Needs the scope `admin`.
     */
    get: operations['listTenants'];
    put?: never;
    /**
     * Create a tenant
     * @description Needs the scope `admin`.
     */
    post: operations['createTenant'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show a tenant
     * @description Needs the scope `admin`.
     */
    get: operations['getTenant'];
    put?: never;
    post?: never;
    /**
     * Delete a tenant and everything of it
     * @description Its keys stop working, nothing is sent any more, and its numbers and its external id are free, immediately. Its data is removed in the background.
     *
     *     Needs the scope `admin`.
     */
    delete: operations['deleteTenant'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/quotas': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /**
     * Set a tenant's quotas
     * @description Fields that are left out stay as they are; null removes a quota. A new event quota takes effect within a few seconds. Existing webhooks stay, even if there are more than the new quota.
     *
     *     Needs the scope `admin`.
     */
    put: operations['setQuotas'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/retention': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show for how long things of a tenant are kept
     * @description Needs the scope `admin`.
     */
    get: operations['getRetention'];
    /**
     * Set for how long things of a tenant are kept
     * @description Fields that are left out stay as they are; null returns to the default. Within an hour everything that is older is removed. A longer time does not bring back what was removed.
     *
     *     Needs the scope `admin`.
     */
    put: operations['setRetention'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/export': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Export everything of a tenant
     * @description As JSON lines, one for each row, without secrets; each webhook is followed by its deliveries, and those by their attempts. The last line is `{"type": "end", "lines": …}` with the number of lines before it: without it the export is not complete. What is added meanwhile may be missing.
     *
     *     Needs the scope `admin`.
     */
    get: operations['exportTenant'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/api-keys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the API keys of a tenant, newest first
     * @description Needs the scope `api_keys:write` of that tenant, or `admin`.
     */
    get: operations['listTenantApiKeys'];
    put?: never;
    /**
     * Create an API key of a tenant
     * @description A tenant's caller can give it only scopes that it has itself.
     *
     *     Needs the scope `api_keys:write` of that tenant, or `admin`.
     */
    post: operations['createTenantApiKey'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/api-keys/{key_id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Delete an API key of a tenant
     * @description Requests with it are refused from now on.
     *
     *     Needs the scope `api_keys:write` of that tenant, or `admin`.
     */
    delete: operations['deleteTenantApiKey'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/api-keys': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the platform's own API keys, newest first
     * @description The key of `IRISX_ADMIN_KEY` is not among them: it exists only in the environment.
     *
     *     Needs the scope `admin`.
     */
    get: operations['listApiKeys'];
    put?: never;
    /**
     * Create one of the platform's own API keys
     * @description It belongs to no tenant: calls that use it name the tenant in the path or the body.
     *
     *     Needs the scope `admin`.
     */
    post: operations['createApiKey'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/api-keys/{key_id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Delete one of the platform's own API keys
     * @description Requests with it are refused from now on.
     *
     *     Needs the scope `admin`.
     */
    delete: operations['deleteApiKey'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/portal-links': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Make a link into a tenant's portal
     * @description It works once: the browser that opens it first has a session then. Send your user there at once, by a redirect or as the source of an iframe.
     *
     *     Needs the scope `admin`.
     */
    post: operations['createPortalLink'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/portal-sessions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the live sessions in a tenant's portal, newest first
     * @description Needs the scope `admin`.
     */
    get: operations['listPortalSessions'];
    put?: never;
    post?: never;
    /**
     * End all sessions in a tenant's portal
     * @description Links that nobody has opened yet do not work any more either.
     *
     *     Needs the scope `admin`.
     */
    delete: operations['endPortalSessions'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/portal-sessions/{session_id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * End a session in a tenant's portal
     * @description Requests with it are refused from now on.
     *
     *     Needs the scope `admin`.
     */
    delete: operations['endPortalSession'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/portal/session': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show this browser's session in the portal
     * @description Needs the session's cookie.
     */
    get: operations['getPortalSession'];
    put?: never;
    post?: never;
    /**
     * End this browser's session in the portal
     * @description Needs the session's cookie.
     */
    delete: operations['deletePortalSession'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/console/session': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show this browser's session in the console
     * @description Needs the session's cookie.
     */
    get: operations['getConsoleSession'];
    put?: never;
    /**
     * Sign in to the console
     * @description With a key of the platform that has the scope `admin`. The session ends after 12 hours, or with the key.
     *
     *     No API key is needed.
     */
    post: operations['createConsoleSession'];
    /**
     * End this browser's session in the console
     * @description Needs the session's cookie.
     */
    delete: operations['deleteConsoleSession'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/phone-numbers': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the numbers that tenants have, newest assignment first
     * @description Needs the scope `admin`.
     */
    get: operations['listPhoneNumbers'];
    put?: never;
    /**
     * Assign a number to a tenant
     * @description Triggers the event `phone_number.assigned`. Safe to repeat: if the tenant already has the number, the response is 200 and there is no event; an `account_sid` in the repeat replaces the old one. 409 when another tenant has the number.
     *
     *     Needs the scope `admin`.
     */
    post: operations['assignPhoneNumber'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/phone-numbers/{phone_number}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Release a number
     * @description By the id of its assignment, or by the number itself. The id is safer: a late repeat cannot take the number from a new owner. There is no event. 404 when it is already released.
     *
     *     Needs the scope `admin`.
     */
    delete: operations['releasePhoneNumber'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/limits': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show a tenant's monthly limits
     * @description Needs the scope `admin`.
     */
    get: operations['getLimits'];
    /**
     * Set a tenant's monthly limits
     * @description Fields that are left out stay as they are; null removes a limit. If this month's usage is already at 80 or 100 percent of the new limit, the tenant is notified immediately, unless it was notified for the same or a higher limit before. Safe to repeat. Limits only notify: nothing is blocked.
     *
     *     Needs the scope `admin`.
     */
    put: operations['setLimits'];
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/tenants/{tenant_id}/usage': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show what a tenant used in a month
     * @description Needs the scope `admin`.
     */
    get: operations['getUsage'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/event-types': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List all event types
     * @description The whole catalogue, on one page.
     *
     *     No API key is needed.
     */
    get: operations['listEventTypes'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the tenant's events, newest first
     * @description Also those that no webhook wanted.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['listEvents'];
    put?: never;
    /**
     * Trigger an event
     * @description A success response means that the event and its deliveries are stored and will be delivered. Safe to repeat: for the same tenant, type and id, the response is 200 with the first response body, and nothing is sent twice. With a header `traceparent` (W3C Trace Context), receivers get one of the same trace.
     *
     *     Needs the scope `events:write`.
     */
    post: operations['createEvent'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/events/batch': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Trigger many events
     * @description Up to 100 events in a body of at most 1 MB. Each is accepted or refused on its own, as `POST /v1/events` would, and counts towards its tenant's quota; the results come in the order of the events. A tenant's events are accepted one after the other, in that order. Safe to repeat: send events with 429 or 5xx again, after `retry_after` seconds.
     *
     *     Needs the scope `events:write`.
     */
    post: operations['createEvents'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/events/expunge': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Erase the content of events
     * @description Erases bodies, and of every attempt the headers and the response; deliveries that are still to be sent are cancelled. That something was delivered, and when, stays. With `phone_number`: of all events of the tenant that hold the number, or whose receivers' responses do; messages and calls lose it too. What takes over two seconds goes on in the background. Safe to repeat.
     *
     *     Needs the scope `admin`.
     */
    post: operations['expungeEvents'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/events/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show an event with its body and its deliveries
     * @description Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['getEvent'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhook-templates': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the templates for webhooks to well-known services
     * @description All on one page. `POST /v1/webhooks` needs only a `template` and a `url`.
     *
     *     No API key is needed.
     */
    get: operations['listWebhookTemplates'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List webhooks, newest first
     * @description Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['listWebhooks'];
    put?: never;
    /**
     * Register a webhook
     * @description Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['createWebhook'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show a webhook and its statistics
     * @description Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['getWebhook'];
    put?: never;
    post?: never;
    /**
     * Delete a webhook
     * @description Nothing is sent to it any more, and its secret is removed. Pending and held deliveries are cancelled. Its deliveries stay readable for the retention time.
     *
     *     Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    delete: operations['deleteWebhook'];
    options?: never;
    head?: never;
    /**
     * Change settings of a webhook
     * @description Fields that are left out stay as they are. A change takes effect immediately, also for deliveries under way; a request in flight is finished, and counts. Resuming makes held deliveries pending again, oldest first, each with a new schedule. If many deliveries must be updated, that happens in the background: `settling_since` is then not null.
     *
     *     Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    patch: operations['updateWebhook'];
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/rotate-secret': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Replace the signing secret
     * @description During the overlap, deliveries are signed with both secrets, so that a receiver can switch to the new one without rejecting any. With an overlap of 0, the old secret ends immediately; so does one that the service cannot decrypt. Another rotation during an overlap ends the oldest secret.
     *
     *     Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['rotateSecret'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/filter/test': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Try a filter before there is a webhook for it
     * @description As for a webhook. Nothing is sent or stored.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['testNewFilter'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/filter/test': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Try a filter on an event
     * @description Says whether the event would pass the filter, and if not, because of which conditions. Nothing is sent or stored. Whether the webhook subscribes to the event type is not asked.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['testFilter'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/verify': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Have the receiver of an unverified webhook asked again
     * @description Sends the receiver (and that of the fallback url) another signed `webhook.verification` request, whose challenge it must echo within the timeout. While one is under way, another call changes nothing. Of one tenant, 60 such requests may be sent at once, and then one every five seconds.
     *
     *     Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['verifyWebhook'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/transform/test': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Try a transform before there is a webhook for it
     * @description As for a webhook. Nothing is sent or stored.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['testNewTransform'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/transform/test': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Try a transform on an event
     * @description Shows the body that would be sent for the event, or says why there is none, and at which character of the transform that was noticed. Nothing is sent or stored.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['testTransform'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/test': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Send a test event to a webhook
     * @description Sends the catalogue's example of the event type, whatever the webhook subscribes to. The delivery is signed, rate limited, retried and logged like any other. It is marked `test`, and left out of the statistics.
     *
     *     Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['testWebhook'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/deliveries': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List deliveries of a webhook, newest first
     * @description Works for a deleted webhook too. Each delivery includes the result of its last attempt.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['listDeliveries'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/deliveries': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List deliveries of all webhooks, newest first
     * @description Those of deleted webhooks too. A tenant with more than 1000 webhooks sees those of the newest ones here.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['listAllDeliveries'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show a delivery with its body and its attempts
     * @description Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['getDelivery'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/attempts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List attempts of a delivery, first to last
     * @description A page may hold fewer than `limit` attempts if the responses are large.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['listAttempts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Send a delivery again, now
     * @description A delivery that waits for its next attempt is sent as soon as the rate limit allows. One that has ended starts a new schedule under the same id, and its attempt numbers continue. Where events go in batches, it goes alone, in a batch of one; but one in a batch that has not ended makes that batch due. A request in flight is neither cut off nor doubled. At most 10 times a minute for one delivery.
     *
     *     Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['retryDelivery'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/statistics': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show what happened to a webhook by minute, hour or day
     * @description First to last, those in which nothing happened too, and the current one, which changes. What happened up to a minute ago may be missing. Test deliveries are not counted. Percentiles are at most 5 percent off. Works for a deleted webhook too.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['getWebhookStatistics'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/statistics': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show what happened to all webhooks by minute, hour or day
     * @description First to last, those in which nothing happened too, and the current one, which changes. What happened up to a minute ago may be missing. Test deliveries are not counted. Percentiles are at most 5 percent off. An event counts once, whether or not a webhook wanted it.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['getStatistics'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/stream': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Follow the deliveries of a webhook
     * @description Server-sent events, one for each new delivery, whether or not it is sent by now: `data` is a JSON object with its request, `id` is the delivery. They come in the order of their ids. To resume after a break, connect with the last id as `Last-Event-ID`; if there was no event yet, with the response header `Last-Event-ID`. Retries and recoveries are not shown. Comments keep the connection alive, and say why a stream ends. A client that reads nothing for 30 seconds is cut off.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['streamDeliveries'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/recoveries': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List recoveries of a webhook, newest first
     * @description Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['listRecoveries'];
    put?: never;
    /**
     * Send everything again that a webhook missed
     * @description Makes the deliveries pending again in the order of their events, a few hundred at a time, each with a new schedule under its old id. Live events go first. One recovery of a webhook runs at a time. While the webhook is paused, its recovery waits. Test deliveries are left out.
     *
     *     Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['createRecovery'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/recoveries/{recovery_id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show how far a recovery is
     * @description Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['getRecovery'];
    put?: never;
    post?: never;
    /**
     * Cancel a recovery
     * @description What it has not made pending yet stays as it was; the others are delivered. Cancelling it again changes nothing.
     *
     *     Needs the scope `webhooks:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    delete: operations['cancelRecovery'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/messages': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List messages, inbound and outbound, newest first
     * @description Needs the scope `messages:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['listMessages'];
    put?: never;
    /**
     * Send an SMS or MMS
     * @description Responds when the message is stored; it is then handed to Twilio, once, whatever happens. The events `sms.sent`, `sms.delivered` and `sms.failed` report what becomes of it. Repeated with the same `Idempotency-Key`, the call returns the first message.
     *
     *     Needs the scope `messages:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    post: operations['sendMessage'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/messages/{message_id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show a message
     * @description Needs the scope `messages:write`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`).
     */
    get: operations['getMessage'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/audit-log': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List who changed what, newest first
     * @description Changes by API calls, and those that the service made by itself. Events, messages and test events are not among them.
     *
     *     Needs the scope `webhooks:read`, or `admin` and the tenant in the query (`tenant_id` or `tenant_external_id`; without them: all tenants).
     */
    get: operations['listAuditLog'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/platform/tenants': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List tenants with their backlog, failures and usage, newest first
     * @description With `q`, the tenant with that id or external id comes first, then those whose name contains it. 50000 names are compared in one call, so a page may hold fewer than `limit`, or none, and still have a `next_cursor`.
     *
     *     Needs the scope `admin`.
     */
    get: operations['listTenantOverviews'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/platform/receivers': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List receivers in trouble of all tenants, longest first
     * @description A page may hold fewer than `limit`: rows of deleted webhooks are left out.
     *
     *     Needs the scope `admin`.
     */
    get: operations['listReceiversInTrouble'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/platform/search': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Find a tenant, webhook, event or delivery, whosever it is
     * @description By the id of an event (the source's or ours), a delivery, a webhook or a tenant, by a tenant's external id, or by the beginning of a tenant's name or of a webhook's url, with or without `https://`. At most 20 of each type.
     *
     *     Needs the scope `admin`.
     */
    get: operations['searchPlatform'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/platform/state': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Show what waits, and whether it moves
     * @description Of all tenants together. Read once a second at most, whoever asks.
     *
     *     Needs the scope `admin`.
     */
    get: operations['getPlatformState'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/reveal': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Show a delivery with its bodies to an operator
     * @description Writes an entry to the tenant's audit log first. For the console, whose session gets all other answers without bodies; the first page of attempts is shown.
     *
     *     Needs the scope `admin`.
     */
    post: operations['revealDelivery'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/events/{event_id}/reveal': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Show an event with its body to an operator
     * @description Writes an entry to the tenant's audit log first. `event_id` is our id of the event.
     *
     *     Needs the scope `admin`.
     */
    post: operations['revealEvent'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/healthz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Check that the process is alive
     * @description No API key is needed.
     */
    get: operations['getHealth'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/readyz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Check that the process can serve requests
     * @description No API key is needed.
     */
    get: operations['getReadiness'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** @description An error, as RFC 9457 defines it */
    Problem: {
      /**
       * @description Identifies the kind of problem; stable
       * @example urn:irisx:problem:invalid-input
       */
      type: string;
      /**
       * @description The kind in words
       * @example Invalid input
       */
      title: string;
      /**
       * @description The status code again
       * @example 400
       */
      status: number;
      /**
       * @description What was wrong this time, and what to do about it
       * @example The body is not valid: max_retries.
       */
      detail: string;
      /** @description The fields that were wrong; absent when no field was */
      errors?: {
        /**
         * @description The field, such as `events.0`
         * @example max_retries
         */
        path: string;
        /** @example expected a whole number from 0 to 20, got 21 */
        message: string;
      }[];
    };
    /** @description A customer of the platform */
    Tenant: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /** @example Acme Ltd */
      name: string;
      /**
       * @description The platform's own name for it; null: it has none
       * @example 42
       */
      external_id: string | null;
      quotas: components['schemas']['Quotas'];
      /**
       * Format: date-time
       * @description When it was created
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
    };
    /** @description How much of the platform a tenant may use; null: no limit */
    Quotas: {
      /**
       * @description Webhooks that the tenant may have, deleted ones not counted; 409 for more
       * @example 100
       */
      webhooks: number | null;
      /**
       * @description Events that `POST /v1/events` takes for the tenant in a minute; 429 for more
       * @example null
       */
      events_per_minute: number | null;
      /**
       * @description Requests to receivers in a minute, of all the tenant's webhooks together; further ones wait
       * @example null
       */
      requests_per_minute: number | null;
    };
    /** @description For how many days each part is kept; null: for the default of the service */
    Retention: {
      /**
       * @description Bodies of events and responses of receivers, from the time of the event
       * @example 30
       */
      bodies: number | null;
      /**
       * @description Attempts, from the time of the event; at most as long as their delivery
       * @example 30
       */
      attempts: number | null;
      /**
       * @description Deliveries, from their end; what could not be sent in that time, or while its body is kept, expires
       * @example 30
       */
      deliveries: number | null;
      /**
       * @description Events; at least as long as their deliveries
       * @example 30
       */
      events: number | null;
      /**
       * @description Calls and recordings, as far as they are stored here
       * @example 30
       */
      calls: number | null;
      /**
       * @description Messages
       * @example 30
       */
      messages: number | null;
    };
    /** @description A row; its other fields depend on the type */
    ExportLine: {
      /**
       * @description What the line is
       * @example event
       */
      type: string;
    } & {
      [key: string]: unknown;
    };
    /** @description An API key, without the key itself */
    ApiKey: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /** @example billing system */
      name: string;
      /**
       * @example [
       *       "webhooks:read",
       *       "webhooks:write"
       *     ]
       */
      scopes: ('webhooks:read' | 'webhooks:write' | 'messages:write' | 'api_keys:write' | 'events:write' | 'admin')[];
      /**
       * @description The first characters of the key, to recognise it by
       * @example irisx_dGhpcy
       */
      prefix: string;
      /**
       * Format: date-time
       * @description When it was created
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When it was last used, to the minute; null: never
       * @example 2025-10-29T12:00:00.000Z
       */
      last_used_at: string | null;
      /**
       * Format: date-time
       * @description When it expires; null: never
       * @example 2025-10-29T12:00:00.000Z
       */
      expires_at: string | null;
    };
    /** @description A browser in a tenant's portal */
    PortalSession: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /**
       * @description Who it is for
       * @example jane@example.com
       */
      name: string;
      /**
       * @example [
       *       "webhooks:read",
       *       "webhooks:write",
       *       "api_keys:write"
       *     ]
       */
      scopes: ('webhooks:read' | 'webhooks:write' | 'messages:write' | 'api_keys:write')[];
      /**
       * Format: date-time
       * @description When the link was opened
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When it was last used, to the minute; null: never
       * @example 2025-10-29T12:00:00.000Z
       */
      last_used_at: string | null;
      /**
       * Format: date-time
       * @description When it ends by itself
       * @example 2025-10-29T12:00:00.000Z
       */
      expires_at: string;
    };
    /** @description This browser's session in the portal of a tenant */
    OwnPortalSession: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /**
       * @description Who it is for, or the name of the key
       * @example jane@example.com
       */
      name: string;
      /**
       * Format: date-time
       * @description When it began
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When it ends by itself
       * @example 2025-10-29T12:00:00.000Z
       */
      expires_at: string;
      /**
       * @description What pages send as `X-IRISX-Session` with each call of this session
       * @example dGhpcyBpcyBub3QgYSByZWFsIHRva2VuLCBvbmx5IG9uZQ
       */
      csrf_token: string;
      /** @enum {string} */
      kind: 'tenant';
      tenant: {
        /**
         * Format: uuid
         * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
         */
        id: string;
        /** @example Acme Ltd */
        name: string;
      };
      /**
       * @example [
       *       "webhooks:read",
       *       "webhooks:write"
       *     ]
       */
      scopes: ('webhooks:read' | 'webhooks:write' | 'messages:write' | 'api_keys:write')[];
      /**
       * @description Where "Back" leads; null: there is none
       * @example https://app.example.com
       */
      return_url: string | null;
    };
    /** @description This browser's session in the console */
    OwnConsoleSession: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /**
       * @description Who it is for, or the name of the key
       * @example jane@example.com
       */
      name: string;
      /**
       * Format: date-time
       * @description When it began
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When it ends by itself
       * @example 2025-10-29T12:00:00.000Z
       */
      expires_at: string;
      /**
       * @description What pages send as `X-IRISX-Session` with each call of this session
       * @example dGhpcyBpcyBub3QgYSByZWFsIHRva2VuLCBvbmx5IG9uZQ
       */
      csrf_token: string;
      /** @enum {string} */
      kind: 'operator';
      tenant: null;
      /**
       * @example [
       *       "admin"
       *     ]
       */
      scopes: ('events:write' | 'admin')[];
      return_url: null;
      /**
       * @description Temporal's Web UI; null: unknown
       * @example http://localhost:8233
       */
      temporal_ui_url: string | null;
      /** @example default */
      temporal_namespace: string;
    };
    /** @description A number that is assigned to a tenant */
    PhoneNumber: {
      /**
       * Format: uuid
       * @description The id of this assignment; a number that is assigned again gets a new one
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /**
       * Format: uuid
       * @description The tenant that has it
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      tenant_id: string;
      /** @example +15559876543 */
      phone_number: string;
      /**
       * @description The Twilio account that it is in; null: the one that sends, `TWILIO_ACCOUNT_SID`
       * @example null
       */
      account_sid: string | null;
      /**
       * Format: date-time
       * @description When it was assigned
       * @example 2025-10-29T12:00:00.000Z
       */
      assigned_at: string;
    };
    /** @description What a tenant may use in a month; null: no limit */
    Limits: {
      /**
       * @description Minutes of calls
       * @example 1000
       */
      call_minutes: number | null;
      /**
       * @description SMS segments, sent and received
       * @example null
       */
      sms_segments: number | null;
    };
    /** @description What a tenant used in a month */
    Usage: {
      /**
       * @description In UTC
       * @example 2025-10
       */
      month: string;
      /**
       * @description Minutes of answered calls that ended in this month, cut to three decimals
       * @example 820.5
       */
      call_minutes: number;
      /**
       * @description SMS segments, sent and received
       * @example 12
       */
      sms_segments: number;
    };
    /** @description A kind of event that a webhook can subscribe to */
    EventType: {
      /** @enum {string} */
      name:
        | 'call.initiated'
        | 'call.answered'
        | 'call.completed'
        | 'call.dtmf'
        | 'call.recording.completed'
        | 'sms.sent'
        | 'sms.received'
        | 'sms.delivered'
        | 'sms.failed'
        | 'tenant.limit.warning'
        | 'tenant.limit.reached'
        | 'phone_number.assigned'
        | 'webhook.failing'
        | 'webhook.recovered'
        | 'webhook.disabled'
        | 'webhook.test';
      /** @example A call was answered. */
      description: string;
      /**
       * @description JSON Schema (2020-12) of `data`; more fields may be added
       * @example {
       *       "type": "object"
       *     }
       */
      schema: {
        [key: string]: unknown;
      };
      /**
       * @description A `data` that matches the schema
       * @example {
       *       "digit": "5"
       *     }
       */
      example: {
        [key: string]: unknown;
      };
      /**
       * @description Events with the same value of this field are numbered 1, 2, 3 …; null: they are not
       * @example call_sid
       * @enum {string|null}
       */
      ordering_key: 'call_sid' | 'message_sid' | 'phone_number' | null;
    };
    /** @description An event of one tenant: `tenant_id` or `tenant_external_id`, exactly one of them */
    NewEvent: {
      /**
       * Format: uuid
       * @description The tenant whose event it is; or give `tenant_external_id`
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      tenant_id?: string;
      /**
       * @description Instead of `tenant_id`: the platform's own name for the tenant
       * @example 42
       */
      tenant_external_id?: string;
      /** @enum {string} */
      event_type:
        | 'call.initiated'
        | 'call.answered'
        | 'call.completed'
        | 'call.dtmf'
        | 'call.recording.completed'
        | 'sms.sent'
        | 'sms.received'
        | 'sms.delivered'
        | 'sms.failed'
        | 'tenant.limit.warning'
        | 'tenant.limit.reached'
        | 'phone_number.assigned'
        | 'webhook.failing'
        | 'webhook.recovered'
        | 'webhook.disabled'
        | 'webhook.test';
      /**
       * @description Identifies what happened. Tenant, type and id together identify an event: the same three again are a repeat, not a new event
       * @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4
       */
      event_id: string;
      /** @description The fields of the event type, and more if you like; delivered as `data`, with nothing left out */
      payload: {
        [key: string]: unknown;
      };
      /**
       * Format: date-time
       * @description When it happened; default: now. Delivered as `timestamp`
       */
      occurred_at?: string;
    };
    /** @description What was erased */
    Expunged: {
      /**
       * @description Events that have lost their content so far
       * @example 2
       */
      events: number;
      /**
       * @description Attempts that have
       * @example 3
       */
      attempts: number;
      /**
       * @description false: the rest follows in the background
       * @example true
       */
      complete: boolean;
    };
    /** @description Something that happened */
    Event: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /** @example call.answered */
      event_type: string;
      /** @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4 */
      event_id: string;
      /**
       * Format: date-time
       * @description When it happened
       * @example 2025-10-29T12:00:00.000Z
       */
      timestamp: string;
      /**
       * Format: date-time
       * @description When it was accepted
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * @description Made by POST /v1/webhooks/:id/test
       * @example false
       */
      test: boolean;
      /**
       * @description The call, message or number that it is about; null: its type has no ordering key
       * @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4
       */
      ordering_key: string | null;
      /**
       * @description Its number among the events with its ordering key, from 1, as they were accepted
       * @example 3
       */
      sequence: number | null;
      /**
       * Format: date-time
       * @description When its content was erased on request; null: it was not
       * @example 2025-10-29T12:00:00.000Z
       */
      expunged_at: string | null;
      /** @description How many of its deliveries have each status now; all 0: no webhook wanted it */
      deliveries_by_status: {
        pending: number;
        delivered: number;
        failed: number;
        held: number;
        cancelled: number;
        expired: number;
      };
    };
    /** @description An event with its body and its deliveries */
    EventDetail: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /** @example call.answered */
      event_type: string;
      /** @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4 */
      event_id: string;
      /**
       * Format: date-time
       * @description When it happened
       * @example 2025-10-29T12:00:00.000Z
       */
      timestamp: string;
      /**
       * Format: date-time
       * @description When it was accepted
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * @description Made by POST /v1/webhooks/:id/test
       * @example false
       */
      test: boolean;
      /**
       * @description The call, message or number that it is about; null: its type has no ordering key
       * @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4
       */
      ordering_key: string | null;
      /**
       * @description Its number among the events with its ordering key, from 1, as they were accepted
       * @example 3
       */
      sequence: number | null;
      /**
       * Format: date-time
       * @description When its content was erased on request; null: it was not
       * @example 2025-10-29T12:00:00.000Z
       */
      expunged_at: string | null;
      /**
       * @description The exact text that its deliveries send and sign; null: it is not kept any more
       * @example {"event":"call.dtmf","event_id":"1","timestamp":"2025-10-29T12:00:00.000Z","data":{}}
       */
      body: string | null;
      /** @description One for each webhook that wanted it; 200 at most */
      deliveries: components['schemas']['Delivery'][];
      /**
       * @description Only in an operator's session: null stands for whatever the body, the headers and the response are. The calls `…/reveal` show them
       * @enum {boolean}
       */
      bodies_hidden?: true;
    };
    /** @description One event for one webhook, with its last attempt */
    Delivery: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /** @example 1 */
      webhook_id: number;
      /** @example call.completed */
      event_type: string;
      /** @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4 */
      event_id: string;
      /**
       * @description `pending`: on its way. `delivered`, `failed`: ended. `held`: waits for its webhook to be enabled or verified. `cancelled`: its webhook was deleted, or its content was expunged. `expired`: could not be sent in the time that `ttl_seconds` gives it, or outlived the retention time
       * @enum {string}
       */
      status: 'pending' | 'delivered' | 'failed' | 'held' | 'cancelled' | 'expired';
      /**
       * @description Made by POST /v1/webhooks/:id/test; not counted in the statistics
       * @example false
       */
      test: boolean;
      /**
       * @description Requests made so far
       * @example 1
       */
      attempt_count: number;
      /**
       * Format: date-time
       * @description When the next request is planned; null: none is. A pending delivery without one waits for an earlier event of its ordering key. One that waits for a batch leaves with it, at that time at the latest
       * @example 2025-10-29T12:00:00.000Z
       */
      next_attempt_at: string | null;
      /**
       * @description Whether a request is open now
       * @example false
       */
      in_flight: boolean;
      /**
       * Format: date-time
       * @description When the request that is open now began; null: none is
       * @example 2025-10-29T12:00:00.000Z
       */
      attempt_started_at: string | null;
      /**
       * Format: date-time
       * @description When it was accepted
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When it ended
       * @example 2025-10-29T12:00:00.000Z
       */
      finished_at: string | null;
      /**
       * Format: date-time
       * @description When its content was erased on request; if it was still to be sent, it was cancelled then. null: it was not
       * @example 2025-10-29T12:00:00.000Z
       */
      expunged_at: string | null;
      /**
       * @description The call, message or number that the event is about; null: its type has no ordering key
       * @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4
       */
      ordering_key: string | null;
      /**
       * @description The number of the event among those with its ordering key, from 1
       * @example 3
       */
      sequence: number | null;
      /**
       * Format: date-time
       * @description It is not sent after this; null: it does not expire
       * @example 2025-10-29T12:00:00.000Z
       */
      expires_at: string | null;
      /**
       * Format: uuid
       * @description The batch that it is sent in, or was sent in last; its own id if it went alone, in a batch of one. null: it is not in a batch
       * @example null
       */
      batch_id: string | null;
      /**
       * @description Whether a transform or a batch made the body that is sent
       * @example false
       */
      request_body_differs: boolean;
      /**
       * @description The last attempt's
       * @example 200
       */
      status_code: number | null;
      /**
       * @description The last attempt's
       * @example 245
       */
      duration_ms: number | null;
      /**
       * @description The last attempt's; lists show the first 1 KB
       * @example {"received":true}
       */
      response_body: string | null;
      /**
       * @description Whether `response_body` is shortened here; the attempt has all of it
       * @example false
       */
      response_body_truncated: boolean;
      /** @description The last attempt's; null: it succeeded, or there was none */
      error: components['schemas']['AttemptError'] | null;
      /**
       * @description Only in an operator's session: null stands for whatever the body, the headers and the response are. The calls `…/reveal` show them
       * @enum {boolean}
       */
      bodies_hidden?: true;
    };
    /** @description Why an attempt failed */
    AttemptError: {
      /** @enum {string} */
      class:
        'http_status' | 'timeout' | 'dns' | 'connection' | 'tls' | 'blocked_address' | 'invalid_response' | 'transform';
      /** @example The receiver answered 500; only 2xx is success. */
      message: string;
    };
    /** @description Settings for a webhook that posts to a well-known service */
    WebhookTemplate: {
      /** @enum {string} */
      name:
        | 'slack'
        | 'microsoft-teams'
        | 'discord'
        | 'google-chat'
        | 'pagerduty'
        | 'zapier'
        | 'make'
        | 'n8n'
        | 'pipedream'
        | 'plain';
      /** @example Slack */
      title: string;
      /**
       * @description A regular expression that the webhook’s `url` must match. What a named group matches is taken out of the url and put into the transform in place of `{{name}}`
       * @example ^https://example\.com/
       */
      url_pattern: string;
      /**
       * @example [
       *       "sms.received"
       *     ]
       */
      events: (
        | 'call.initiated'
        | 'call.answered'
        | 'call.completed'
        | 'call.dtmf'
        | 'call.recording.completed'
        | 'sms.sent'
        | 'sms.received'
        | 'sms.delivered'
        | 'sms.failed'
        | 'tenant.limit.warning'
        | 'tenant.limit.reached'
        | 'phone_number.assigned'
        | 'webhook.failing'
        | 'webhook.recovered'
        | 'webhook.disabled'
        | 'webhook.test'
        | '*'
      )[];
      /**
       * @description JSONata that makes the body; null: the service takes any JSON
       * @example event
       */
      transform: string | null;
      /**
       * @description Most requests in any 60 seconds; null: the service documents none
       * @example 60
       */
      rate_limit_per_minute: number | null;
      /**
       * @description Most requests in any 3600 seconds; null: the service documents none
       * @example 60
       */
      rate_limit_per_hour: number | null;
      /**
       * @description What a person does
       * @example [
       *       "Copy the webhook URL."
       *     ]
       */
      steps: string[];
    };
    /** @description A tenant's endpoint, its settings, and its counters as numbers */
    Webhook: {
      /** @example 1 */
      id: number;
      /**
       * @description Where deliveries are posted to: `https://`, on the public internet, without user name, password or fragment
       * @example https://example.com/webhooks
       */
      url: string;
      /**
       * @example [
       *       "call.completed"
       *     ]
       */
      events: string[];
      /** @example null */
      description: string | null;
      /**
       * @description Secret-looking values are shown as `[masked]`; null: they cannot be decrypted, see `unreadable`
       * @example {
       *       "Authorization": "[masked]"
       *     }
       */
      headers: {
        [key: string]: string;
      } | null;
      /**
       * @description What the service cannot decrypt at present; its operator has been alerted. Nothing is sent until it can. To go on without waiting, replace the secret with `rotate-secret`, or set new `headers`. Usually empty
       * @example []
       */
      unreadable: ('secret' | 'headers')[];
      /**
       * @description Most requests in any 60 seconds, retries and tests included; null: no limit
       * @example 60
       */
      rate_limit_per_minute: number | null;
      /**
       * @description Most requests in any 3600 seconds, retries and tests included; null: no limit
       * @example 1000
       */
      rate_limit_per_hour: number | null;
      /**
       * @description Attempts after the first, before a delivery fails
       * @example 5
       */
      max_retries: number;
      /**
       * @description The longest that a request may take, from the DNS lookup to the last byte of the response
       * @example 10000
       */
      timeout_ms: number;
      /**
       * @description The service disables the webhook when nothing has succeeded for so many hours and 20 or more deliveries failed in a row; null: never
       * @example 120
       */
      disable_after_hours: number | null;
      /**
       * @description `key`: the next event of a call, a message or a number is not sent before the one before it has ended. Counts for events accepted from now on
       * @example none
       * @enum {string}
       */
      ordering: 'none' | 'key';
      /**
       * @description Seconds before the second, third … attempt; beyond its end the last one repeats
       * @example [
       *       1,
       *       2,
       *       4,
       *       8,
       *       16
       *     ]
       */
      retry_schedule: number[];
      /** @example null */
      ttl_seconds: {
        [key: string]: number;
      } | null;
      /**
       * @description Only events that match are delivered; null: all
       * @example null
       */
      filter: {
        [key: string]: unknown;
      } | null;
      /**
       * @description JSONata that makes the body; null: the body is the event
       * @example null
       */
      transform: string | null;
      /**
       * @description The template that it was created from
       * @example null
       */
      template: string | null;
      /**
       * @description Several events in one request; null: each event by itself
       * @example null
       */
      batch: {
        max_events: number;
        max_wait_seconds: number;
      } | null;
      /**
       * @description Where three more attempts go (at once, after 1 s, after 2 s) when all at `url` have failed; null: nowhere
       * @example https://standby.example.com/webhooks
       */
      fallback_url: string | null;
      verification: components['schemas']['WebhookVerification'];
      /**
       * @description Whether deliveries are sent, unless `verification` is pending
       * @example true
       */
      enabled: boolean;
      /**
       * @description Why the service disabled it: 410 Gone, or failures for too long; null when it is enabled or its tenant paused it
       * @example null
       */
      disabled_reason: string | null;
      /**
       * Format: date-time
       * @description When the service disabled it
       * @example 2025-10-29T12:00:00.000Z
       */
      disabled_at: string | null;
      /**
       * Format: date-time
       * @description Since when its deliveries are being updated in the background, after a change of settings; null: all are up to date
       * @example 2025-10-29T12:00:00.000Z
       */
      settling_since: string | null;
      /**
       * Format: date-time
       * @description Until when deliveries are also signed with the previous secret; null: only with the current one
       * @example 2025-10-29T12:00:00.000Z
       */
      previous_secret_expires_at: string | null;
      /**
       * Format: date-time
       * @description When it was registered
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When a setting or the secret was last changed
       * @example 2025-10-29T12:00:00.000Z
       */
      updated_at: string;
      /**
       * @description Successful and failed deliveries; not pending, held, cancelled, expired or test ones
       * @example 0
       */
      total_deliveries: number;
      /**
       * @description Deliveries answered with 2xx
       * @example 0
       */
      successful_deliveries: number;
      /**
       * @description Deliveries that used up their attempts or were refused for good
       * @example 0
       */
      failed_deliveries: number;
      /**
       * @description Deliveries that were not sent in the time that `ttl_seconds` gave them
       * @example 0
       */
      expired_deliveries: number;
      /**
       * Format: date-time
       * @description The last successful attempt
       * @example 2025-10-29T12:00:00.000Z
       */
      last_success_at: string | null;
      /**
       * Format: date-time
       * @description The last failed attempt
       * @example 2025-10-29T12:00:00.000Z
       */
      last_failure_at: string | null;
      health: components['schemas']['WebhookHealth'];
    };
    /** @description Whether the receiver agreed to get webhooks at its urls */
    WebhookVerification: {
      /**
       * @description `pending`: nothing is sent until the receiver has echoed a challenge. `none`: not asked for
       * @example none
       * @enum {string}
       */
      status: 'none' | 'pending' | 'verified';
      /**
       * Format: date-time
       * @description When the receiver echoed the challenge
       * @example 2025-10-29T12:00:00.000Z
       */
      verified_at: string | null;
      /**
       * @description What was wrong with the answer, and what to do; null: the receiver is being asked, or has answered
       * @example null
       */
      last_error: string | null;
    };
    /** @description What attempts say of the receiver; tests do not count. Stays as it is while the webhook is paused */
    WebhookHealth: {
      /**
       * @description `failing`: the last 5 deliveries failed, or all attempts of the last 10 minutes and at least 10; `healthy` again after the first success. `disabled`: by the service, see `disabled_reason`
       * @example healthy
       * @enum {string}
       */
      state: 'healthy' | 'failing' | 'disabled';
      /**
       * Format: date-time
       * @description Since when it has been in this state
       * @example 2025-10-29T12:00:00.000Z
       */
      since: string;
      /**
       * @description Deliveries that failed since the last success
       * @example 0
       */
      consecutive_failures: number;
      /**
       * @description Why the last attempt failed; null: it succeeded
       * @example null
       */
      last_error: string | null;
    };
    /** @description Counters as decimal strings, in the shape of the integration guide; test deliveries are left out */
    WebhookStatistics: {
      /**
       * @description The same as the webhook's
       * @example 0
       */
      successful_deliveries: string;
      /**
       * @description The same as the webhook's
       * @example 0
       */
      failed_deliveries: string;
      /**
       * @description Deliveries that are on their way or wait for an attempt
       * @example 0
       */
      pending_deliveries: string;
      /**
       * @description The same as the webhook's
       * @example 0
       */
      expired_deliveries: string;
      /**
       * @description Requests; a batch is one, however many deliveries are in it
       * @example 0
       */
      attempts: string;
      /**
       * @description Deliveries that wait for the webhook to be enabled or verified
       * @example 0
       */
      held_deliveries: string;
      /**
       * @description Mean duration of an attempt, rounded to milliseconds; "0" before the first
       * @example 0
       */
      avg_duration_ms: string;
    };
    /** @description A delivery with its body and its attempts */
    DeliveryDetail: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /** @example 1 */
      webhook_id: number;
      /** @example call.completed */
      event_type: string;
      /** @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4 */
      event_id: string;
      /**
       * @description `pending`: on its way. `delivered`, `failed`: ended. `held`: waits for its webhook to be enabled or verified. `cancelled`: its webhook was deleted, or its content was expunged. `expired`: could not be sent in the time that `ttl_seconds` gives it, or outlived the retention time
       * @enum {string}
       */
      status: 'pending' | 'delivered' | 'failed' | 'held' | 'cancelled' | 'expired';
      /**
       * @description Made by POST /v1/webhooks/:id/test; not counted in the statistics
       * @example false
       */
      test: boolean;
      /**
       * @description Requests made so far
       * @example 1
       */
      attempt_count: number;
      /**
       * Format: date-time
       * @description When the next request is planned; null: none is. A pending delivery without one waits for an earlier event of its ordering key. One that waits for a batch leaves with it, at that time at the latest
       * @example 2025-10-29T12:00:00.000Z
       */
      next_attempt_at: string | null;
      /**
       * @description Whether a request is open now
       * @example false
       */
      in_flight: boolean;
      /**
       * Format: date-time
       * @description When the request that is open now began; null: none is
       * @example 2025-10-29T12:00:00.000Z
       */
      attempt_started_at: string | null;
      /**
       * Format: date-time
       * @description When it was accepted
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When it ended
       * @example 2025-10-29T12:00:00.000Z
       */
      finished_at: string | null;
      /**
       * Format: date-time
       * @description When its content was erased on request; if it was still to be sent, it was cancelled then. null: it was not
       * @example 2025-10-29T12:00:00.000Z
       */
      expunged_at: string | null;
      /**
       * @description The call, message or number that the event is about; null: its type has no ordering key
       * @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4
       */
      ordering_key: string | null;
      /**
       * @description The number of the event among those with its ordering key, from 1
       * @example 3
       */
      sequence: number | null;
      /**
       * Format: date-time
       * @description It is not sent after this; null: it does not expire
       * @example 2025-10-29T12:00:00.000Z
       */
      expires_at: string | null;
      /**
       * Format: uuid
       * @description The batch that it is sent in, or was sent in last; its own id if it went alone, in a batch of one. null: it is not in a batch
       * @example null
       */
      batch_id: string | null;
      /**
       * @description Whether a transform or a batch made the body that is sent
       * @example false
       */
      request_body_differs: boolean;
      /**
       * @description The last attempt's
       * @example 200
       */
      status_code: number | null;
      /**
       * @description The last attempt's
       * @example 245
       */
      duration_ms: number | null;
      /**
       * @description The last attempt's; lists show the first 1 KB
       * @example {"received":true}
       */
      response_body: string | null;
      /**
       * @description Whether `response_body` is shortened here; the attempt has all of it
       * @example false
       */
      response_body_truncated: boolean;
      /** @description The last attempt's; null: it succeeded, or there was none */
      error: components['schemas']['AttemptError'] | null;
      /**
       * @description Only in an operator's session: null stands for whatever the body, the headers and the response are. The calls `…/reveal` show them
       * @enum {boolean}
       */
      bodies_hidden?: true;
      /**
       * @description The exact text that every attempt sends and signs; null: it is not kept any more
       * @example {"event":"call.dtmf","event_id":"1","timestamp":"2025-10-29T12:00:00.000Z","data":{}}
       */
      body: string | null;
      /** @description The first page of attempts, first to last */
      attempts: components['schemas']['Attempt'][];
      /**
       * @description Pass it as `cursor` to `…/attempts` to get the next page; null on the last page
       * @example null
       */
      attempts_next_cursor: string | null;
    };
    /** @description One request of a delivery */
    Attempt: {
      /**
       * @description From 1
       * @example 1
       */
      number: number;
      /**
       * @description `primary`: sent to `url`; `fallback`: to `fallback_url`
       * @example primary
       * @enum {string}
       */
      target: 'primary' | 'fallback';
      /**
       * Format: date-time
       * @description When the request began
       * @example 2025-10-29T12:00:00.000Z
       */
      started_at: string;
      /**
       * @description From the DNS lookup to the last byte of the response
       * @example 245
       */
      duration_ms: number;
      /**
       * @description The response's status code; null: there was no response
       * @example 200
       */
      status_code: number | null;
      /**
       * @description What was sent; of signatures the first 8 characters, to compare them; secret-looking values are masked
       * @example {
       *       "X-IRISX-Timestamp": "1761739200",
       *       "X-IRISX-Signature": "sha256=5c9d0f21…"
       *     }
       */
      request_headers: {
        [key: string]: string;
      } | null;
      /**
       * @description What came back; secret-looking values are masked
       * @example {
       *       "content-type": "application/json"
       *     }
       */
      response_headers: {
        [key: string]: string;
      } | null;
      /**
       * @description At most 64 KB of the response body, as text
       * @example {"received":true}
       */
      response_body: string | null;
      /**
       * @description Whether the receiver sent more than was kept
       * @example false
       */
      response_truncated: boolean;
      /** @description null: it succeeded */
      error: components['schemas']['AttemptError'] | null;
      /**
       * @description Only in an operator's session: null stands for whatever the body, the headers and the response are. The calls `…/reveal` show them
       * @enum {boolean}
       */
      bodies_hidden?: true;
    };
    /** @description What happened in a minute, an hour or a day */
    StatisticsBucket: {
      /**
       * Format: date-time
       * @description When it begins, in UTC
       * @example 2025-10-29T12:00:00.000Z
       */
      start: string;
      /**
       * @description Events that were accepted: for this webhook, or from the tenant
       * @example 120
       */
      events: number;
      /**
       * @description Deliveries that ended as delivered
       * @example 120
       */
      delivered: number;
      /**
       * @description Deliveries that ended as failed
       * @example 120
       */
      failed: number;
      /**
       * @description Deliveries that ended as expired
       * @example 120
       */
      expired: number;
      /**
       * @description Attempts that were made; the sum of `outcomes`
       * @example 120
       */
      attempts: number;
      /** @description Attempts by status code, or by error class where there was none */
      outcomes: {
        '2xx': number;
        '3xx': number;
        '4xx': number;
        '5xx': number;
        timeout: number;
        dns: number;
        connection: number;
        tls: number;
        blocked_address: number;
        invalid_response: number;
        transform: number;
      };
      /** @description How long requests took; null: there was none */
      duration_ms: {
        /** @example 104 */
        p50: number | null;
        /** @example 104 */
        p95: number | null;
        /** @example 104 */
        p99: number | null;
      };
      /** @description From when an event was accepted to its first attempt; null: there was none */
      delay_ms: {
        /** @example 104 */
        p50: number | null;
        /** @example 104 */
        p95: number | null;
        /** @example 104 */
        p99: number | null;
      };
    };
    /** @description A delivery as it would be sent */
    StreamedDelivery: {
      /**
       * Format: uuid
       * @description The delivery's id; also the id of the event in the stream
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      delivery_id: string;
      /**
       * @description All headers of its first request, signed now with the webhook's secret
       * @example {
       *       "Content-Type": "application/json",
       *       "X-IRISX-Event": "call.dtmf"
       *     }
       */
      headers: {
        [key: string]: string;
      };
      /**
       * @description The exact text
       * @example {"event":"call.dtmf","event_id":"1","timestamp":"2025-10-29T12:00:00.000Z","data":{}}
       */
      body: string;
    };
    /** @description Deliveries of a webhook that are sent again, at a pace */
    Recovery: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /**
       * @description `running`: on its way. `completed`: all that it sent again has ended. `cancelled`: by a call, or since its webhook was deleted
       * @enum {string}
       */
      status: 'running' | 'completed' | 'cancelled';
      statuses: ('failed' | 'expired' | 'cancelled' | 'delivered')[];
      /** @description null: all */
      event_types: string[] | null;
      /**
       * Format: date-time
       * @description Accepted at this time or later; null: no matter when
       * @example 2025-10-29T12:00:00.000Z
       */
      since: string | null;
      /**
       * Format: date-time
       * @description Accepted before this time; null: before the recovery was created
       * @example 2025-10-29T12:00:00.000Z
       */
      until: string | null;
      /** @example false */
      include_missing: boolean;
      /**
       * @description How many deliveries it found when it was created
       * @example 0
       */
      total: number;
      /**
       * @description false: there are so many that counting them was given up; `total` or more
       * @example true
       */
      total_is_exact: boolean;
      /**
       * @description How many were made pending so far. Deliveries that were retried by hand meanwhile are not among them
       * @example 0
       */
      requeued: number;
      /**
       * @description How many of those were delivered
       * @example 0
       */
      delivered: number;
      /**
       * @description How many of those ended otherwise
       * @example 0
       */
      failed: number;
      /**
       * Format: date-time
       * @description When it was created
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When it was completed or cancelled
       * @example 2025-10-29T12:00:00.000Z
       */
      finished_at: string | null;
    };
    /** @description An SMS or MMS */
    Message: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /** @enum {string} */
      direction: 'inbound' | 'outbound';
      /**
       * @description `received` (inbound), `pending` (not handed to Twilio yet), `unknown` (handed over, but the response was lost; being checked), else Twilio's own status
       * @example delivered
       * @enum {string}
       */
      status:
        | 'received'
        | 'pending'
        | 'unknown'
        | 'accepted'
        | 'scheduled'
        | 'queued'
        | 'sending'
        | 'sent'
        | 'delivered'
        | 'read'
        | 'undelivered'
        | 'failed'
        | 'canceled';
      /**
       * @description The sender, as the network shows it; null if a Messaging Service chooses it
       * @example +15557654321
       */
      from: string | null;
      /** @example +15551234567 */
      to: string;
      /** @example null */
      messaging_service_sid: string | null;
      /**
       * @description The text; null for media only
       * @example Your table is ready
       */
      body: string | null;
      /**
       * @description Media sent along; empty for inbound
       * @example []
       */
      media_urls: string[] | null;
      /** @example 0 */
      media_count: number;
      /**
       * @description SMS segments, as counted in the usage; null: not counted (yet)
       * @example 1
       */
      segments: number | null;
      /**
       * @description Twilio's id, the one in the events; null until Twilio has the message
       * @example SM1234567890abcdef1234567890abcdef
       */
      message_sid: string | null;
      /**
       * @description Twilio's error code
       * @example null
       */
      error_code: string | null;
      /**
       * Format: date-time
       * @description When it was accepted here, or received
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @description When Twilio took it
       * @example 2025-10-29T12:00:00.000Z
       */
      accepted_at: string | null;
      /**
       * Format: date-time
       * @description When its final status was reported
       * @example 2025-10-29T12:00:00.000Z
       */
      ended_at: string | null;
      /**
       * @description Only in an operator's session: null stands for whatever the body, the headers and the response are. The calls `…/reveal` show them
       * @enum {boolean}
       */
      bodies_hidden?: true;
    };
    /** @description Something that was changed */
    AuditEntry: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /**
       * Format: date-time
       * @description When it was done
       * @example 2025-10-29T12:00:00.000Z
       */
      at: string;
      /** @description Who did it */
      actor: {
        /**
         * @description `portal`: a browser with a session in the portal; `system`: the service itself
         * @example api_key
         * @enum {string}
         */
        type: 'api_key' | 'portal' | 'system';
        /**
         * Format: uuid
         * @description The API key's or the session's; null: `IRISX_ADMIN_KEY`, or the service itself
         * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
         */
        id: string | null;
        /** @example billing system */
        name: string;
      };
      /**
       * @example webhook.updated
       * @enum {string}
       */
      action:
        | 'tenant.created'
        | 'tenant.quotas_set'
        | 'tenant.limits_set'
        | 'tenant.retention_set'
        | 'tenant.events_expunged'
        | 'tenant.exported'
        | 'tenant.deleted'
        | 'api_key.created'
        | 'api_key.deleted'
        | 'api_key.expired'
        | 'portal_link.created'
        | 'portal_session.started'
        | 'portal_session.ended'
        | 'phone_number.assigned'
        | 'phone_number.updated'
        | 'phone_number.released'
        | 'webhook.created'
        | 'webhook.updated'
        | 'webhook.paused'
        | 'webhook.resumed'
        | 'webhook.disabled'
        | 'webhook.secret_rotated'
        | 'webhook.verification_requested'
        | 'webhook.verification_failed'
        | 'webhook.verified'
        | 'webhook.deleted'
        | 'delivery.retried'
        | 'delivery.revealed'
        | 'event.revealed'
        | 'recovery.created'
        | 'recovery.cancelled';
      /** @description What was changed */
      subject: {
        /**
         * @example webhook
         * @enum {string}
         */
        type:
          | 'tenant'
          | 'api_key'
          | 'portal_link'
          | 'portal_session'
          | 'phone_number'
          | 'webhook'
          | 'delivery'
          | 'event'
          | 'recovery';
        /** @example 12 */
        id: string;
        /** @description Where a delivery or a recovery is read; null for anything else */
        webhook_id: number | null;
      };
      /**
       * @description Each field that changed. `old` is null where the subject was created, `new` where it was deleted. Secrets and values of headers are `[masked]`
       * @example {
       *       "max_retries": {
       *         "old": 5,
       *         "new": 10
       *       }
       *     }
       */
      changes: {
        [key: string]: {
          old?: unknown;
          new?: unknown;
        };
      };
    };
    /** @description A tenant at a glance */
    TenantOverview: {
      /**
       * Format: uuid
       * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
       */
      id: string;
      /** @example Acme Ltd */
      name: string;
      /**
       * @description The platform's own name for it; null: it has none
       * @example 42
       */
      external_id: string | null;
      /**
       * Format: date-time
       * @description When it was created
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
      /**
       * @description Of the 1000 newest, those that are not deleted; the next four fields are about these
       * @example 3
       */
      webhooks: number;
      /**
       * @description Webhooks whose deliveries fail
       * @example 0
       */
      failing_webhooks: number;
      /**
       * @description Webhooks that the service disabled, since their receivers failed for long or were gone
       * @example 0
       */
      disabled_webhooks: number;
      /**
       * @description On their way, or waiting for their next attempt; tests are not counted
       * @example 12
       */
      pending_deliveries: number;
      /**
       * Format: date-time
       * @description Since when the pending delivery of the earliest event has been pending; null: none is
       * @example 2025-10-29T12:00:00.000Z
       */
      oldest_pending_at: string | null;
      /** @description In the current hour and the 23 before it, up to the last roll-up of the statistics */
      last_24_hours: {
        /**
         * @description Accepted
         * @example 4200
         */
        events: number;
        /**
         * @description Deliveries that were delivered
         * @example 4190
         */
        delivered: number;
        /**
         * @description Deliveries that failed
         * @example 8
         */
        failed: number;
        /**
         * @description Deliveries that expired
         * @example 2
         */
        expired: number;
        /**
         * @description Requests, and failed transforms
         * @example 4300
         */
        attempts: number;
      };
    };
    /** @description A webhook whose receiver fails, or that was disabled for that */
    ReceiverInTrouble: {
      /** @description Whose it is */
      tenant: {
        /**
         * Format: uuid
         * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
         */
        id: string;
        /** @example Acme Ltd */
        name: string;
      };
      /** @example 1 */
      webhook_id: number;
      /** @example https://example.com/webhooks */
      url: string;
      /**
       * @description `disabled`: by the service, because of the receiver's failures
       * @enum {string}
       */
      state: 'failing' | 'disabled';
      /**
       * Format: date-time
       * @description Since when it has been so
       * @example 2025-10-29T12:00:00.000Z
       */
      since: string;
      /**
       * @description Deliveries that failed since the last success
       * @example 17
       */
      consecutive_failures: number;
      /**
       * @description Of the last failed attempt
       * @example The receiver answered 500; only 2xx is success.
       */
      last_error: string | null;
      /**
       * @description Deliveries that wait for it
       * @example 12
       */
      pending_deliveries: number;
    };
    /** @description Something that was found */
    SearchResult: {
      /** @enum {string} */
      type: 'tenant' | 'webhook' | 'event' | 'delivery';
      /**
       * @description A webhook's is a number, as text
       * @example 1
       */
      id: string;
      /** @description Whose it is */
      tenant: {
        /**
         * Format: uuid
         * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
         */
        id: string;
        /** @example Acme Ltd */
        name: string;
      };
      /**
       * @description Of a webhook and of a delivery; else null
       * @example 1
       */
      webhook_id: number | null;
      /**
       * @description The tenant's name, the webhook's url, or the event's type and id
       * @example https://example.com/webhooks
       */
      title: string;
      /**
       * Format: date-time
       * @description When it was created, or accepted
       * @example 2025-10-29T12:00:00.000Z
       */
      created_at: string;
    };
    /** @description What waits, and whether it moves; of all tenants together */
    PlatformState: {
      /**
       * @description On their way, or waiting for their next attempt
       * @example 0
       */
      pending_deliveries: number;
      /**
       * @description False: there are more than 100000. No number here goes beyond that
       * @example true
       */
      pending_is_exact: boolean;
      /**
       * Format: date-time
       * @description Since when the oldest delivery has been pending; null: none is
       * @example 2025-10-29T12:00:00.000Z
       */
      oldest_pending_at: string | null;
      /**
       * @description Their webhooks are paused, disabled or not verified
       * @example 0
       */
      held_deliveries: number;
      /**
       * @description Wait for an earlier event of their ordering key, of 100000 that keep the order
       * @example 0
       */
      waiting_for_turn: number;
      /**
       * @description Wait for their turn within their webhook's rate limit
       * @example 0
       */
      waiting_for_rate_limit: number;
      /**
       * @description Pending for over 30 s, and nobody has started them: Temporal or the workers are behind
       * @example 0
       */
      unstarted_deliveries: number;
      /**
       * Format: date-time
       * @description Since when the oldest of these has been pending; null: there is none
       * @example 2025-10-29T12:00:00.000Z
       */
      oldest_unstarted_at: string | null;
      /**
       * @description Webhooks of which a batch should have left over 15 s ago; up to 100 are counted
       * @example 0
       */
      uncollected_webhooks: number;
      /** @description What starts deliveries that nobody started, every 10 s. As of the last check, which comes every 30 s, by Temporal's clock. null: not known */
      sweeper: {
        /**
         * Format: date-time
         * @description When it last began; null: it has not run yet
         * @example 2025-10-29T12:00:00.000Z
         */
        last_run_at: string | null;
        /** @example false */
        running: boolean;
        /**
         * @description Somebody paused its Schedule
         * @example false
         */
        paused: boolean;
      } | null;
      /** @description Processes that send, last heard of first, up to 100; those gone for a day are left out */
      senders: {
        /**
         * Format: uuid
         * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
         */
        id: string;
        /**
         * Format: date-time
         * @description Its last sign of life; there is one every two seconds
         * @example 2025-10-29T12:00:00.000Z
         */
        last_beat_at: string;
        /**
         * @description False: none for 15 s
         * @example true
         */
        alive: boolean;
      }[];
      /**
       * Format: date-time
       * @description Up to when the statistics over time are counted
       * @example 2025-10-29T12:00:00.000Z
       */
      statistics_rolled_up_until: string;
      temporal: {
        /** @example true */
        reachable: boolean;
        /** @description What keeps deliveries from going out, and how to fix it */
        problems: {
          what: string;
          remedy: string;
        }[];
      };
    };
    Readiness: {
      /** @enum {string} */
      status: 'ready' | 'unready';
      /**
       * @description `read_only`: it answers but takes no writes, like a standby
       * @enum {string}
       */
      postgres: 'up' | 'read_only' | 'down';
      /**
       * @description `pending`: run `npm run migrate`
       * @enum {string}
       */
      migrations: 'current' | 'pending' | 'unknown';
      /**
       * @description `unknown_key`: this process lacks the key that some stored data is encrypted with
       * @enum {string}
       */
      encryption: 'current' | 'unknown_key' | 'unknown';
      /**
       * @description For information only: without Temporal, events are still accepted, and delivered later. `degraded`: it answers, but something is wrong
       * @enum {string}
       */
      temporal: 'up' | 'degraded' | 'down';
      /** @description What keeps deliveries from going out, and how to fix it */
      temporal_problems: {
        what: string;
        remedy: string;
      }[];
    };
  };
  responses: {
    /** @description Something in the request is not valid; `errors` names the fields */
    InvalidInput: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:invalid-input",
         *       "title": "Invalid input",
         *       "status": 400,
         *       "detail": "Something in the request is not valid; errors names the fields",
         *       "errors": [
         *         {
         *           "path": "max_retries",
         *           "message": "expected a whole number from 0 to 20, got 21"
         *         }
         *       ]
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description No API key or session, or an unknown one */
    Unauthenticated: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        'WWW-Authenticate': components['headers']['Challenge'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:unauthenticated",
         *       "title": "API key or session missing or unknown",
         *       "status": 401,
         *       "detail": "No API key or session, or an unknown one"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The API key, or the session, does not allow this call */
    Forbidden: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        'WWW-Authenticate': components['headers']['Challenge'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:forbidden",
         *       "title": "Not allowed",
         *       "status": 403,
         *       "detail": "The API key, or the session, does not allow this call"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description It does not exist or is another tenant's; the response is the same for both */
    NotFound: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:not-found",
         *       "title": "Not found",
         *       "status": 404,
         *       "detail": "It does not exist or is another tenant's; the response is the same for both"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Not possible in its current state */
    Conflict: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:conflict",
         *       "title": "Conflict",
         *       "status": 409,
         *       "detail": "Not possible in its current state"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The body is over 1 MB, or the event over 256 KB as it would be sent */
    TooLarge: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:too-large",
         *       "title": "Too large",
         *       "status": 413,
         *       "detail": "The body is over 1 MB, or the event over 256 KB as it would be sent"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The same event was triggered before with a different payload */
    EventMismatch: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:event-mismatch",
         *       "title": "Same event, different payload",
         *       "status": 422,
         *       "detail": "The same event was triggered before with a different payload"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description More calls than a limit or a quota allows; `detail` says which. Try again after `Retry-After` */
    TooManyRequests: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        'Retry-After': components['headers']['RetryAfter'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:too-many-requests",
         *       "title": "Too many requests",
         *       "status": 429,
         *       "detail": "More calls than a limit or a quota allows; detail says which. Try again after Retry-After"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description A fault on our side */
    InternalError: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:internal",
         *       "title": "Internal error",
         *       "status": 500,
         *       "detail": "A fault on our side"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Postgres is unavailable; send the same call again after `Retry-After` */
    Unavailable: {
      headers: {
        'X-Request-Id': components['headers']['RequestId'];
        'Retry-After': components['headers']['RetryAfter'];
        [name: string]: unknown;
      };
      content: {
        /**
         * @example {
         *       "type": "urn:irisx:problem:unavailable",
         *       "title": "Temporarily unavailable",
         *       "status": 503,
         *       "detail": "Postgres is unavailable; send the same call again after Retry-After"
         *     }
         */
        'application/problem+json': components['schemas']['Problem'];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: {
    /** @description Identifies this request in the logs; taken from the request if it has a valid one */
    RequestId: string;
    /** @description Seconds to wait */
    RetryAfter: number;
    /** @description RFC 6750, section 3 */
    Challenge: string;
  };
  pathItems: never;
}
export type Problem = components['schemas']['Problem'];
export type Tenant = components['schemas']['Tenant'];
export type Quotas = components['schemas']['Quotas'];
export type Retention = components['schemas']['Retention'];
export type ExportLine = components['schemas']['ExportLine'];
export type ApiKey = components['schemas']['ApiKey'];
export type PortalSession = components['schemas']['PortalSession'];
export type OwnPortalSession = components['schemas']['OwnPortalSession'];
export type OwnConsoleSession = components['schemas']['OwnConsoleSession'];
export type PhoneNumber = components['schemas']['PhoneNumber'];
export type Limits = components['schemas']['Limits'];
export type Usage = components['schemas']['Usage'];
export type EventType = components['schemas']['EventType'];
export type NewEvent = components['schemas']['NewEvent'];
export type Expunged = components['schemas']['Expunged'];
export type Event = components['schemas']['Event'];
export type EventDetail = components['schemas']['EventDetail'];
export type Delivery = components['schemas']['Delivery'];
export type AttemptError = components['schemas']['AttemptError'];
export type WebhookTemplate = components['schemas']['WebhookTemplate'];
export type Webhook = components['schemas']['Webhook'];
export type WebhookVerification = components['schemas']['WebhookVerification'];
export type WebhookHealth = components['schemas']['WebhookHealth'];
export type WebhookStatistics = components['schemas']['WebhookStatistics'];
export type DeliveryDetail = components['schemas']['DeliveryDetail'];
export type Attempt = components['schemas']['Attempt'];
export type StatisticsBucket = components['schemas']['StatisticsBucket'];
export type StreamedDelivery = components['schemas']['StreamedDelivery'];
export type Recovery = components['schemas']['Recovery'];
export type Message = components['schemas']['Message'];
export type AuditEntry = components['schemas']['AuditEntry'];
export type TenantOverview = components['schemas']['TenantOverview'];
export type ReceiverInTrouble = components['schemas']['ReceiverInTrouble'];
export type SearchResult = components['schemas']['SearchResult'];
export type PlatformState = components['schemas']['PlatformState'];
export type Readiness = components['schemas']['Readiness'];
export type ResponseInvalidInput = components['responses']['InvalidInput'];
export type ResponseUnauthenticated = components['responses']['Unauthenticated'];
export type ResponseForbidden = components['responses']['Forbidden'];
export type ResponseNotFound = components['responses']['NotFound'];
export type ResponseConflict = components['responses']['Conflict'];
export type ResponseTooLarge = components['responses']['TooLarge'];
export type ResponseEventMismatch = components['responses']['EventMismatch'];
export type ResponseTooManyRequests = components['responses']['TooManyRequests'];
export type ResponseInternalError = components['responses']['InternalError'];
export type ResponseUnavailable = components['responses']['Unavailable'];
export type HeaderRequestId = components['headers']['RequestId'];
export type HeaderRetryAfter = components['headers']['RetryAfter'];
export type HeaderChallenge = components['headers']['Challenge'];
export type $defs = Record<string, never>;
export interface operations {
  listTenants: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        /** @description Only the tenant with this external id */
        external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of tenants */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            tenants: components['schemas']['Tenant'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createTenant: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description For people; need not be unique
           * @example Acme Ltd
           */
          name: string;
          /**
           * @description The platform's own name for it, as in the dialplan of its switches; unique
           * @default null
           * @example 42
           */
          external_id?: string | null;
        };
      };
    };
    responses: {
      /** @description The tenant */
      201: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            tenant: components['schemas']['Tenant'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getTenant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The tenant */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            tenant: components['schemas']['Tenant'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  deleteTenant: {
    parameters: {
      query: {
        /** @description The tenant's name */
        confirm: string;
      };
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Deleted */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  setQuotas: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description Webhooks that the tenant may have, deleted ones not counted; 409 for more. For a new tenant: 100
           * @example 100
           */
          webhooks?: number | null;
          /**
           * @description Events that `POST /v1/events` takes for the tenant in a minute; 429 for more
           * @example 600
           */
          events_per_minute?: number | null;
          /**
           * @description Requests to receivers in a minute, of all the tenant's webhooks together; further ones wait
           * @example 6000
           */
          requests_per_minute?: number | null;
        };
      };
    };
    responses: {
      /** @description All quotas as they are now */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            quotas: components['schemas']['Quotas'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getRetention: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What was set */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            retention: components['schemas']['Retention'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  setRetention: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description Bodies of events and responses of receivers, from the time of the event
           * @example 30
           */
          bodies?: number | null;
          /**
           * @description Attempts, from the time of the event; at most as long as their delivery
           * @example 30
           */
          attempts?: number | null;
          /**
           * @description Deliveries, from their end; what could not be sent in that time, or while its body is kept, expires
           * @example 30
           */
          deliveries?: number | null;
          /**
           * @description Events; at least as long as their deliveries
           * @example 30
           */
          events?: number | null;
          /**
           * @description Calls and recordings, as far as they are stored here
           * @example 30
           */
          calls?: number | null;
          /**
           * @description Messages
           * @example 30
           */
          messages?: number | null;
        };
      };
    };
    responses: {
      /** @description All parts as they are now */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            retention: components['schemas']['Retention'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  exportTenant: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A line for each row */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/x-ndjson': components['schemas']['ExportLine'];
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listTenantApiKeys: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of API keys */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            api_keys: components['schemas']['ApiKey'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createTenantApiKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description For people: which program uses it
           * @example billing system
           */
          name: string;
          /**
           * @description What the key allows
           * @example [
           *       "webhooks:read",
           *       "webhooks:write",
           *       "messages:write",
           *       "api_keys:write"
           *     ]
           */
          scopes: ('webhooks:read' | 'webhooks:write' | 'messages:write' | 'api_keys:write')[];
          /**
           * Format: date-time
           * @description When it expires; null or absent: never
           */
          expires_at?: string | null;
        };
      };
    };
    responses: {
      /** @description The key, which is shown only once */
      201: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            api_key: components['schemas']['ApiKey'];
            /**
             * @description The key itself; shown now and never again
             * @example irisx_dGhpcyBpcyBub3QgYSByZWFsIGtleSwgb25seSBhbiBleA
             */
            key: string;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  deleteTenantApiKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
        /** @description The API key's id */
        key_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Deleted */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listApiKeys: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of API keys */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            api_keys: components['schemas']['ApiKey'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createApiKey: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description For people: which program uses it
           * @example billing system
           */
          name: string;
          /**
           * @description What the key allows
           * @example [
           *       "events:write",
           *       "admin"
           *     ]
           */
          scopes: ('events:write' | 'admin')[];
          /**
           * Format: date-time
           * @description When it expires; null or absent: never
           */
          expires_at?: string | null;
        };
      };
    };
    responses: {
      /** @description The key, which is shown only once */
      201: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            api_key: components['schemas']['ApiKey'];
            /**
             * @description The key itself; shown now and never again
             * @example irisx_dGhpcyBpcyBub3QgYSByZWFsIGtleSwgb25seSBhbiBleA
             */
            key: string;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  deleteApiKey: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The API key's id */
        key_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Deleted */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createPortalLink: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description How long the link can be opened
           * @default 600
           * @example 600
           */
          expires_in_seconds?: number;
          /**
           * @description How long the session lasts
           * @default 28800
           * @example 28800
           */
          session_seconds?: number;
          /**
           * @description What may be done in the session
           * @default [
           *       "webhooks:read",
           *       "webhooks:write",
           *       "api_keys:write"
           *     ]
           * @example [
           *       "webhooks:read",
           *       "webhooks:write",
           *       "api_keys:write"
           *     ]
           */
          scopes?: ('webhooks:read' | 'webhooks:write' | 'messages:write' | 'api_keys:write')[];
          /**
           * @description Who it is for; the audit log shows it
           * @default portal
           * @example jane@example.com
           */
          name?: string;
          /**
           * @description Where "Back" leads; null: there is none
           * @default null
           * @example https://app.example.com
           */
          return_url?: string | null;
        };
      };
    };
    responses: {
      /** @description The link, which is shown only once */
      201: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            portal_link: {
              /**
               * @description A secret until it is opened
               * @example https://hooks.example.com/portal/enter?token=dGhpcyBpcyBub3QgYSByZWFsIHRva2VuLCBvbmx5IG9u
               */
              url: string;
              /**
               * Format: date-time
               * @description Until when it can be opened
               * @example 2025-10-29T12:00:00.000Z
               */
              expires_at: string;
            };
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listPortalSessions: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of sessions */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            portal_sessions: components['schemas']['PortalSession'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  endPortalSessions: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Ended */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  endPortalSession: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
        /** @description The portal session's id */
        session_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Ended */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getPortalSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The session */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            session: components['schemas']['OwnPortalSession'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  deletePortalSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Ended */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getConsoleSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The session */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            session: components['schemas']['OwnConsoleSession'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createConsoleSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description The key
           * @example irisx_dGhpcyBpcyBub3QgYSByZWFsIGtleSwgb25seQ
           */
          key: string;
        };
      };
    };
    responses: {
      /** @description The session, whose cookie comes with it */
      201: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            session: components['schemas']['OwnConsoleSession'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  deleteConsoleSession: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Ended */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listPhoneNumbers: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        /** @description Only this tenant's */
        tenant_id?: string;
        /** @description E.164, or a short code */
        phone_number?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of numbers */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            phone_numbers: components['schemas']['PhoneNumber'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  assignPhoneNumber: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * Format: uuid
           * @description The tenant that gets it
           * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
           */
          tenant_id: string;
          /**
           * @description E.164, or a short code
           * @example +15559876543
           */
          phone_number: string;
          /**
           * @description The Twilio account that the number is in, if that is one of `TWILIO_SUBACCOUNTS`: only its callbacks are accepted for the number. null: the account that sends, `TWILIO_ACCOUNT_SID`. Absent: that one too, or unchanged if the tenant already has the number
           * @example null
           */
          account_sid?: string | null;
        };
      };
    };
    responses: {
      /** @description The tenant already had it, since `assigned_at` */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            phone_number: components['schemas']['PhoneNumber'];
          };
        };
      };
      /** @description Assigned */
      201: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            phone_number: components['schemas']['PhoneNumber'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  releasePhoneNumber: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The assignment's id, or the number */
        phone_number: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Released */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getLimits: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The limits */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            limits: components['schemas']['Limits'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  setLimits: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description Minutes of calls
           * @example 1000
           */
          call_minutes?: number | null;
          /**
           * @description SMS segments, sent and received
           * @example 500
           */
          sms_segments?: number | null;
        };
      };
    };
    responses: {
      /** @description All limits as they are now */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            limits: components['schemas']['Limits'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getUsage: {
    parameters: {
      query?: {
        /** @description In UTC; default: the current month */
        month?: string;
      };
      header?: never;
      path: {
        /** @description The tenant's id */
        tenant_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The month's usage, and the limits as they are now */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            usage: components['schemas']['Usage'];
            limits: components['schemas']['Limits'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listEventTypes: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The catalogue */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            event_types: components['schemas']['EventType'][];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      500: components['responses']['InternalError'];
    };
  };
  listEvents: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        event_type?:
          | 'call.initiated'
          | 'call.answered'
          | 'call.completed'
          | 'call.dtmf'
          | 'call.recording.completed'
          | 'sms.sent'
          | 'sms.received'
          | 'sms.delivered'
          | 'sms.failed'
          | 'tenant.limit.warning'
          | 'tenant.limit.reached'
          | 'phone_number.assigned'
          | 'webhook.failing'
          | 'webhook.recovered'
          | 'webhook.disabled'
          | 'webhook.test';
        /** @description The id that the event was triggered with */
        event_id?: string;
        /** @description Accepted at this time or later */
        since?: string;
        /** @description Accepted before this time */
        until?: string;
        /** @description Only events with this ordering key */
        ordering_key?: string;
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of events */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            events: components['schemas']['Event'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createEvent: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['NewEvent'];
      };
    };
    responses: {
      /** @description It was accepted before; the body is the same as then */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            event: {
              /**
               * Format: uuid
               * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
               */
              id: string;
              /** @example call.answered */
              event_type: string;
              /** @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4 */
              event_id: string;
              /**
               * Format: date-time
               * @description When it happened
               * @example 2025-10-29T12:00:00.000Z
               */
              timestamp: string;
            };
            /** @description One for each webhook that subscribes to the event type */
            deliveries: {
              /**
               * Format: uuid
               * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
               */
              id: string;
              /** @example 1 */
              webhook_id: number;
              /**
               * @description Its status when it was accepted; `held`: its webhook is paused, or not verified yet
               * @enum {string}
               */
              status: 'pending' | 'held';
            }[];
          };
        };
      };
      /** @description Accepted */
      201: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            event: {
              /**
               * Format: uuid
               * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
               */
              id: string;
              /** @example call.answered */
              event_type: string;
              /** @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4 */
              event_id: string;
              /**
               * Format: date-time
               * @description When it happened
               * @example 2025-10-29T12:00:00.000Z
               */
              timestamp: string;
            };
            /** @description One for each webhook that subscribes to the event type */
            deliveries: {
              /**
               * Format: uuid
               * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
               */
              id: string;
              /** @example 1 */
              webhook_id: number;
              /**
               * @description Its status when it was accepted; `held`: its webhook is paused, or not verified yet
               * @enum {string}
               */
              status: 'pending' | 'held';
            }[];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      422: components['responses']['EventMismatch'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createEvents: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description Each as `POST /v1/events` takes it */
          events: components['schemas']['NewEvent'][];
        };
      };
    };
    responses: {
      /** @description The result of each event */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            results: {
              event?: {
                /**
                 * Format: uuid
                 * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
                 */
                id: string;
                /** @example call.answered */
                event_type: string;
                /** @example 4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4 */
                event_id: string;
                /**
                 * Format: date-time
                 * @description When it happened
                 * @example 2025-10-29T12:00:00.000Z
                 */
                timestamp: string;
              };
              /** @description One for each webhook that subscribes to the event type */
              deliveries?: {
                /**
                 * Format: uuid
                 * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
                 */
                id: string;
                /** @example 1 */
                webhook_id: number;
                /**
                 * @description Its status when it was accepted; `held`: its webhook is paused, or not verified yet
                 * @enum {string}
                 */
                status: 'pending' | 'held';
              }[];
              /**
               * @description The status code that `POST /v1/events` would have returned for this event
               * @example 201
               */
              status: number;
              /** @description Why the event was refused; absent for one that was accepted */
              error?: {
                /**
                 * @description Identifies the kind of problem; stable
                 * @example urn:irisx:problem:invalid-input
                 */
                type: string;
                /**
                 * @description The kind in words
                 * @example Invalid input
                 */
                title: string;
                /**
                 * @description The status code again
                 * @example 400
                 */
                status: number;
                /**
                 * @description What was wrong this time, and what to do about it
                 * @example The body is not valid: max_retries.
                 */
                detail: string;
                /** @description The fields that were wrong; absent when no field was */
                errors?: {
                  /**
                   * @description The field, such as `events.0`
                   * @example max_retries
                   */
                  path: string;
                  /** @example expected a whole number from 0 to 20, got 21 */
                  message: string;
                }[];
              };
              /** @description With 429 and 503: seconds to wait before sending it again */
              retry_after?: number;
            }[];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  expungeEvents: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * Format: uuid
           * @description The tenant whose event it is; or give `tenant_external_id`
           * @example 0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a
           */
          tenant_id?: string;
          /**
           * @description Instead of `tenant_id`: the platform's own name for the tenant
           * @example 42
           */
          tenant_external_id?: string;
          /** @description All events with this id; those of a call share one */
          event_id?: string;
          /**
           * @description E.164, or a short code
           * @example +15559876543
           */
          phone_number?: string;
        };
      };
    };
    responses: {
      /** @description Begun */
      202: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            expunged: components['schemas']['Expunged'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getEvent: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The event's id */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The event */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            event: components['schemas']['EventDetail'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listWebhookTemplates: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The templates */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            webhook_templates: components['schemas']['WebhookTemplate'][];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      500: components['responses']['InternalError'];
    };
  };
  listWebhooks: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of webhooks */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            webhooks: components['schemas']['Webhook'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createWebhook: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description Where deliveries are posted to: `https://`, on the public internet, without user name, password or fragment
           * @example https://example.com/webhooks
           */
          url: string;
          /**
           * @description The event types to deliver; `*`: all, future ones too. Must be given without `template`
           * @example [
           *       "call.completed"
           *     ]
           */
          events?: (
            | 'call.initiated'
            | 'call.answered'
            | 'call.completed'
            | 'call.dtmf'
            | 'call.recording.completed'
            | 'sms.sent'
            | 'sms.received'
            | 'sms.delivered'
            | 'sms.failed'
            | 'tenant.limit.warning'
            | 'tenant.limit.reached'
            | 'phone_number.assigned'
            | 'webhook.failing'
            | 'webhook.recovered'
            | 'webhook.disabled'
            | 'webhook.test'
            | '*'
          )[];
          /**
           * @description A template of `GET /v1/webhook-templates`: sets `events`, `description`, `transform` and the rate limits where they are not given, and checks `url`
           * @example slack
           * @enum {string}
           */
          template?:
            | 'slack'
            | 'microsoft-teams'
            | 'discord'
            | 'google-chat'
            | 'pagerduty'
            | 'zapier'
            | 'make'
            | 'n8n'
            | 'pipedream'
            | 'plain';
          /**
           * @description For people
           * @example Billing
           */
          description?: string | null;
          /**
           * @description Sent with every request; null or {}: none. Kept encrypted; secret-looking values are shown as `[masked]`. A change replaces all of them
           * @example {
           *       "X-Team": "billing"
           *     }
           */
          headers?: {
            [key: string]: string;
          } | null;
          /**
           * @description Most requests in any 60 seconds, retries and tests included; null: no limit
           * @default 60
           * @example 60
           */
          rate_limit_per_minute?: number | null;
          /**
           * @description Most requests in any 3600 seconds, retries and tests included; null: no limit
           * @default 1000
           * @example 1000
           */
          rate_limit_per_hour?: number | null;
          /**
           * @description Attempts after the first, before a delivery fails
           * @default 5
           * @example 5
           */
          max_retries?: number;
          /**
           * @description The longest that a request may take, from the DNS lookup to the last byte of the response
           * @default 10000
           * @example 10000
           */
          timeout_ms?: number;
          /**
           * @description The service disables the webhook when nothing has succeeded for so many hours and 20 or more deliveries failed in a row; null: never
           * @default 120
           * @example 120
           */
          disable_after_hours?: number | null;
          /**
           * @description `key`: the next event of a call, a message or a number is not sent before the one before it has ended. Counts for events accepted from now on
           * @default none
           * @example none
           * @enum {string}
           */
          ordering?: 'none' | 'key';
          /**
           * @description Seconds before the second, third … attempt; beyond its end the last one repeats. `guide`: 1, 2, 4, 8, 16. `patient`: 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400. Without `max_retries`, sets that to its length
           * @default guide
           * @example guide
           */
          retry_schedule?: ('guide' | 'patient') | number[];
          /**
           * @description By event type, or `*` for all others: what has not been sent so many seconds after its event was accepted expires. Counts for events accepted from now on; null or {}: nothing expires
           * @example {
           *       "call.dtmf": 30
           *     }
           */
          ttl_seconds?: {
            [key: string]: number;
          } | null;
          /**
           * @description Only events that match become deliveries; null: all. Fields of the envelope by path, each with a value or operators; `$and`, `$or` and `$not` around them. At most 50 conditions, 5 levels, 200 values in lists and 8192 bytes. Counts for events accepted from now on
           * @example {
           *       "data.direction": "inbound",
           *       "data.duration_seconds": {
           *         "$gte": 60
           *       }
           *     }
           */
          filter?: {
            [key: string]: unknown;
          } | null;
          /**
           * @description JSONata over the envelope `{event, event_id, timestamp, data}`; its value, as JSON, is the body. At most 8192 bytes. Counts for deliveries that have not been sent yet; null: the body is the event
           * @example {"text": "Call from " & data.from}
           */
          transform?: string | null;
          /**
           * @description Several events in one request, `{"batch_id", "events": [envelope, …]}`, oldest first: as soon as there are `max_events` of them, or the oldest has waited for `max_wait_seconds`; at most 1 MB. Not with `transform`. Counts for events accepted from now on; null: each event by itself
           * @example {
           *       "max_events": 100,
           *       "max_wait_seconds": 10
           *     }
           */
          batch?: {
            max_events: number;
            max_wait_seconds: number;
          } | null;
          /**
           * @description Where three more attempts go (at once, after 1 s, after 2 s) when all at `url` have failed; null: nowhere
           * @example https://standby.example.com/webhooks
           */
          fallback_url?: string | null;
          /**
           * @description Ask the receiver for a challenge, now and whenever the url changes, and send nothing before it has echoed it. The operator may require it
           * @default false
           */
          verify?: boolean;
          /**
           * @description `false` pauses the webhook: deliveries are held, none is lost. `true` resumes it: held deliveries are sent
           * @default true
           * @example true
           */
          enabled?: boolean;
        };
      };
    };
    responses: {
      /** @description The webhook, and its signing secret, which is shown only once */
      201: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            webhook: components['schemas']['Webhook'];
            /**
             * @description Signs the deliveries; shown now and never again
             * @example whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=
             */
            secret: string;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getWebhook: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The webhook, with counters as numbers, and its statistics, as decimal strings */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            webhook: components['schemas']['Webhook'];
            statistics: components['schemas']['WebhookStatistics'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  deleteWebhook: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Deleted */
      204: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  updateWebhook: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description Where deliveries are posted to: `https://`, on the public internet, without user name, password or fragment
           * @example https://example.com/webhooks
           */
          url?: string;
          /**
           * @description The event types to deliver; `*`: all, future ones too
           * @example [
           *       "call.completed"
           *     ]
           */
          events?: (
            | 'call.initiated'
            | 'call.answered'
            | 'call.completed'
            | 'call.dtmf'
            | 'call.recording.completed'
            | 'sms.sent'
            | 'sms.received'
            | 'sms.delivered'
            | 'sms.failed'
            | 'tenant.limit.warning'
            | 'tenant.limit.reached'
            | 'phone_number.assigned'
            | 'webhook.failing'
            | 'webhook.recovered'
            | 'webhook.disabled'
            | 'webhook.test'
            | '*'
          )[];
          /**
           * @description For people
           * @example Billing
           */
          description?: string | null;
          /**
           * @description Sent with every request; null or {}: none. Kept encrypted; secret-looking values are shown as `[masked]`. A change replaces all of them
           * @example {
           *       "X-Team": "billing"
           *     }
           */
          headers?: {
            [key: string]: string;
          } | null;
          /**
           * @description Most requests in any 60 seconds, retries and tests included; null: no limit
           * @example 60
           */
          rate_limit_per_minute?: number | null;
          /**
           * @description Most requests in any 3600 seconds, retries and tests included; null: no limit
           * @example 1000
           */
          rate_limit_per_hour?: number | null;
          /**
           * @description Attempts after the first, before a delivery fails
           * @example 5
           */
          max_retries?: number;
          /**
           * @description The longest that a request may take, from the DNS lookup to the last byte of the response
           * @example 10000
           */
          timeout_ms?: number;
          /**
           * @description The service disables the webhook when nothing has succeeded for so many hours and 20 or more deliveries failed in a row; null: never
           * @example 120
           */
          disable_after_hours?: number | null;
          /**
           * @description `key`: the next event of a call, a message or a number is not sent before the one before it has ended. Counts for events accepted from now on
           * @example none
           * @enum {string}
           */
          ordering?: 'none' | 'key';
          /**
           * @description Seconds before the second, third … attempt; beyond its end the last one repeats. `guide`: 1, 2, 4, 8, 16. `patient`: 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400. Without `max_retries`, sets that to its length
           * @example guide
           */
          retry_schedule?: ('guide' | 'patient') | number[];
          /**
           * @description By event type, or `*` for all others: what has not been sent so many seconds after its event was accepted expires. Counts for events accepted from now on; null or {}: nothing expires
           * @example {
           *       "call.dtmf": 30
           *     }
           */
          ttl_seconds?: {
            [key: string]: number;
          } | null;
          /**
           * @description Only events that match become deliveries; null: all. Fields of the envelope by path, each with a value or operators; `$and`, `$or` and `$not` around them. At most 50 conditions, 5 levels, 200 values in lists and 8192 bytes. Counts for events accepted from now on
           * @example {
           *       "data.direction": "inbound",
           *       "data.duration_seconds": {
           *         "$gte": 60
           *       }
           *     }
           */
          filter?: {
            [key: string]: unknown;
          } | null;
          /**
           * @description JSONata over the envelope `{event, event_id, timestamp, data}`; its value, as JSON, is the body. At most 8192 bytes. Counts for deliveries that have not been sent yet; null: the body is the event
           * @example {"text": "Call from " & data.from}
           */
          transform?: string | null;
          /**
           * @description Several events in one request, `{"batch_id", "events": [envelope, …]}`, oldest first: as soon as there are `max_events` of them, or the oldest has waited for `max_wait_seconds`; at most 1 MB. Not with `transform`. Counts for events accepted from now on; null: each event by itself
           * @example {
           *       "max_events": 100,
           *       "max_wait_seconds": 10
           *     }
           */
          batch?: {
            max_events: number;
            max_wait_seconds: number;
          } | null;
          /**
           * @description Where three more attempts go (at once, after 1 s, after 2 s) when all at `url` have failed; null: nowhere
           * @example https://standby.example.com/webhooks
           */
          fallback_url?: string | null;
          /**
           * @description `false` pauses the webhook: deliveries are held, none is lost. `true` resumes it: held deliveries are sent
           * @example true
           */
          enabled?: boolean;
        };
      };
    };
    responses: {
      /** @description The webhook as it is now */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            webhook: components['schemas']['Webhook'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  rotateSecret: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description How long the old secret stays valid
           * @default 86400
           */
          overlap_seconds?: number;
        };
      };
    };
    responses: {
      /** @description The new secret, which is shown only once */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /**
             * @description Signs the deliveries; shown now and never again
             * @example whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=
             */
            secret: string;
            /**
             * Format: date-time
             * @description When the old secret ends; null: it has ended
             * @example 2025-10-29T12:00:00.000Z
             */
            previous_secret_expires_at: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  testNewFilter: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description Only events that match become deliveries; null: all. Fields of the envelope by path, each with a value or operators; `$and`, `$or` and `$not` around them. At most 50 conditions, 5 levels, 200 values in lists and 8192 bytes. Counts for events accepted from now on
           * @example {
           *       "data.direction": "inbound",
           *       "data.duration_seconds": {
           *         "$gte": 60
           *       }
           *     }
           */
          filter: {
            [key: string]: unknown;
          } | null;
          /** @enum {string} */
          event_type:
            | 'call.initiated'
            | 'call.answered'
            | 'call.completed'
            | 'call.dtmf'
            | 'call.recording.completed'
            | 'sms.sent'
            | 'sms.received'
            | 'sms.delivered'
            | 'sms.failed'
            | 'tenant.limit.warning'
            | 'tenant.limit.reached'
            | 'phone_number.assigned'
            | 'webhook.failing'
            | 'webhook.recovered'
            | 'webhook.disabled'
            | 'webhook.test';
          /** @description The event's `data`, which need not be complete. Default: the example of the event type */
          payload?: {
            [key: string]: unknown;
          };
        };
      };
    };
    responses: {
      /** @description Whether it matches, and the conditions that keep it from matching */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @example false */
            matches: boolean;
            failed: {
              /**
               * @description The field
               * @example data.duration_seconds
               */
              path: string;
              /**
               * @description What the filter says of it; within `$not` if it holds and must not
               * @example {
               *       "$gte": 60
               *     }
               */
              condition?: unknown;
              /**
               * @description What the event has there; null: nothing. Long values are cut
               * @example 12
               */
              value?: unknown;
            }[];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  testFilter: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description Only events that match become deliveries; null: all. Fields of the envelope by path, each with a value or operators; `$and`, `$or` and `$not` around them. At most 50 conditions, 5 levels, 200 values in lists and 8192 bytes. Counts for events accepted from now on
           * @example {
           *       "data.direction": "inbound",
           *       "data.duration_seconds": {
           *         "$gte": 60
           *       }
           *     }
           */
          filter?: {
            [key: string]: unknown;
          } | null;
          /**
           * @description Default: the first of the webhook's types; `webhook.test` if that is `*`
           * @enum {string}
           */
          event_type?:
            | 'call.initiated'
            | 'call.answered'
            | 'call.completed'
            | 'call.dtmf'
            | 'call.recording.completed'
            | 'sms.sent'
            | 'sms.received'
            | 'sms.delivered'
            | 'sms.failed'
            | 'tenant.limit.warning'
            | 'tenant.limit.reached'
            | 'phone_number.assigned'
            | 'webhook.failing'
            | 'webhook.recovered'
            | 'webhook.disabled'
            | 'webhook.test';
          /** @description The event's `data`, which need not be complete. Default: the example of the event type */
          payload?: {
            [key: string]: unknown;
          };
        };
      };
    };
    responses: {
      /** @description Whether it matches, and the conditions that keep it from matching */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @example false */
            matches: boolean;
            failed: {
              /**
               * @description The field
               * @example data.duration_seconds
               */
              path: string;
              /**
               * @description What the filter says of it; within `$not` if it holds and must not
               * @example {
               *       "$gte": 60
               *     }
               */
              condition?: unknown;
              /**
               * @description What the event has there; null: nothing. Long values are cut
               * @example 12
               */
              value?: unknown;
            }[];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  verifyWebhook: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description It is being asked */
      202: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            verification: components['schemas']['WebhookVerification'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  testNewTransform: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description JSONata over the envelope `{event, event_id, timestamp, data}`; its value, as JSON, is the body. At most 8192 bytes. Counts for deliveries that have not been sent yet; null: the body is the event
           * @example {"text": "Call from " & data.from}
           */
          transform: string | null;
          /** @enum {string} */
          event_type:
            | 'call.initiated'
            | 'call.answered'
            | 'call.completed'
            | 'call.dtmf'
            | 'call.recording.completed'
            | 'sms.sent'
            | 'sms.received'
            | 'sms.delivered'
            | 'sms.failed'
            | 'tenant.limit.warning'
            | 'tenant.limit.reached'
            | 'phone_number.assigned'
            | 'webhook.failing'
            | 'webhook.recovered'
            | 'webhook.disabled'
            | 'webhook.test';
          /** @description The event's `data`, which need not be complete. Default: the example of the event type */
          payload?: {
            [key: string]: unknown;
          };
        };
      };
    };
    responses: {
      /** @description The body */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /**
             * @description As it would be sent
             * @example {"text":"Call from +15551234567"}
             */
            body: string;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  testTransform: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description Default: the webhook's; null: the body is the event
           * @example {"text": "Call from " & data.from}
           */
          transform?: string | null;
          /**
           * @description Default: the first of the webhook's types; `webhook.test` if that is `*`
           * @enum {string}
           */
          event_type?:
            | 'call.initiated'
            | 'call.answered'
            | 'call.completed'
            | 'call.dtmf'
            | 'call.recording.completed'
            | 'sms.sent'
            | 'sms.received'
            | 'sms.delivered'
            | 'sms.failed'
            | 'tenant.limit.warning'
            | 'tenant.limit.reached'
            | 'phone_number.assigned'
            | 'webhook.failing'
            | 'webhook.recovered'
            | 'webhook.disabled'
            | 'webhook.test';
          /** @description The event's `data`, which need not be complete. Default: the example of the event type */
          payload?: {
            [key: string]: unknown;
          };
        };
      };
    };
    responses: {
      /** @description The body */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /**
             * @description As it would be sent
             * @example {"text":"Call from +15551234567"}
             */
            body: string;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  testWebhook: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @default webhook.test
           * @enum {string}
           */
          event_type?:
            | 'call.initiated'
            | 'call.answered'
            | 'call.completed'
            | 'call.dtmf'
            | 'call.recording.completed'
            | 'sms.sent'
            | 'sms.received'
            | 'sms.delivered'
            | 'sms.failed'
            | 'tenant.limit.warning'
            | 'tenant.limit.reached'
            | 'phone_number.assigned'
            | 'webhook.failing'
            | 'webhook.recovered'
            | 'webhook.disabled'
            | 'webhook.test';
        };
      };
    };
    responses: {
      /** @description On its way */
      202: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            delivery: components['schemas']['Delivery'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listDeliveries: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        event_type?:
          | 'call.initiated'
          | 'call.answered'
          | 'call.completed'
          | 'call.dtmf'
          | 'call.recording.completed'
          | 'sms.sent'
          | 'sms.received'
          | 'sms.delivered'
          | 'sms.failed'
          | 'tenant.limit.warning'
          | 'tenant.limit.reached'
          | 'phone_number.assigned'
          | 'webhook.failing'
          | 'webhook.recovered'
          | 'webhook.disabled'
          | 'webhook.test';
        /** @description The id that the event was triggered with */
        event_id?: string;
        /** @description Accepted at this time or later */
        since?: string;
        /** @description Accepted before this time */
        until?: string;
        /** @description `pending`: on its way. `delivered`, `failed`: ended. `held`: waits for its webhook to be enabled or verified. `cancelled`: its webhook was deleted, or its content was expunged. `expired`: could not be sent in the time that `ttl_seconds` gives it, or outlived the retention time */
        status?: 'pending' | 'delivered' | 'failed' | 'held' | 'cancelled' | 'expired';
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of deliveries */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            deliveries: components['schemas']['Delivery'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listAllDeliveries: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        event_type?:
          | 'call.initiated'
          | 'call.answered'
          | 'call.completed'
          | 'call.dtmf'
          | 'call.recording.completed'
          | 'sms.sent'
          | 'sms.received'
          | 'sms.delivered'
          | 'sms.failed'
          | 'tenant.limit.warning'
          | 'tenant.limit.reached'
          | 'phone_number.assigned'
          | 'webhook.failing'
          | 'webhook.recovered'
          | 'webhook.disabled'
          | 'webhook.test';
        /** @description The id that the event was triggered with */
        event_id?: string;
        /** @description Accepted at this time or later */
        since?: string;
        /** @description Accepted before this time */
        until?: string;
        /** @description `pending`: on its way. `delivered`, `failed`: ended. `held`: waits for its webhook to be enabled or verified. `cancelled`: its webhook was deleted, or its content was expunged. `expired`: could not be sent in the time that `ttl_seconds` gives it, or outlived the retention time */
        status?: 'pending' | 'delivered' | 'failed' | 'held' | 'cancelled' | 'expired';
        /** @description Only deliveries to this webhook */
        webhook_id?: number;
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of deliveries */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            deliveries: components['schemas']['Delivery'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getDelivery: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
        /** @description The delivery's id */
        delivery_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The delivery */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            delivery: components['schemas']['DeliveryDetail'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listAttempts: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
        /** @description The delivery's id */
        delivery_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of attempts */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            attempts: components['schemas']['Attempt'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  retryDelivery: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
        /** @description The delivery's id */
        delivery_id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description Send it even if it was already delivered
           * @default false
           */
          force?: boolean;
        };
      };
    };
    responses: {
      /** @description On its way */
      202: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            delivery: components['schemas']['Delivery'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getWebhookStatistics: {
    parameters: {
      query?: {
        /** @description How long a bucket is */
        bucket?: 'minute' | 'hour' | 'day';
        /** @description The first bucket holds this time; default: the last 60 minutes, 24 hours or 30 days */
        since?: string;
        /** @description The last bucket begins before this time; default: now */
        until?: string;
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The buckets */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            buckets: components['schemas']['StatisticsBucket'][];
          };
          'text/csv': string;
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getStatistics: {
    parameters: {
      query?: {
        /** @description How long a bucket is */
        bucket?: 'minute' | 'hour' | 'day';
        /** @description The first bucket holds this time; default: the last 60 minutes, 24 hours or 30 days */
        since?: string;
        /** @description The last bucket begins before this time; default: now */
        until?: string;
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The buckets */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            buckets: components['schemas']['StatisticsBucket'][];
          };
          'text/csv': string;
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  streamDeliveries: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: {
        /** @description The last event that the client has; the stream goes on after it */
        'Last-Event-ID'?: string;
      };
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The stream; its `data` has this schema */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'text/event-stream': components['schemas']['StreamedDelivery'];
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listRecoveries: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of recoveries */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            recoveries: components['schemas']['Recovery'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  createRecovery: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description Which deliveries to send again: those that have ended in one of these statuses by now. May be empty with `include_missing`
           * @example [
           *       "failed",
           *       "expired"
           *     ]
           */
          statuses: ('failed' | 'expired' | 'cancelled' | 'delivered')[];
          /**
           * @description Only these event types; absent: all
           * @example [
           *       "call.completed"
           *     ]
           */
          event_types?: (
            | 'call.initiated'
            | 'call.answered'
            | 'call.completed'
            | 'call.dtmf'
            | 'call.recording.completed'
            | 'sms.sent'
            | 'sms.received'
            | 'sms.delivered'
            | 'sms.failed'
            | 'tenant.limit.warning'
            | 'tenant.limit.reached'
            | 'phone_number.assigned'
            | 'webhook.failing'
            | 'webhook.recovered'
            | 'webhook.disabled'
            | 'webhook.test'
          )[];
          /**
           * Format: date-time
           * @description Only what was accepted at this time or later
           */
          since?: string;
          /**
           * Format: date-time
           * @description Only what was accepted before this time; absent: until now
           */
          until?: string;
          /**
           * @description Also events that have no delivery to this webhook, since it did not exist or did not subscribe to them then. Of types that it subscribes to now
           * @default false
           */
          include_missing?: boolean;
          /**
           * @description Only count; nothing is sent
           * @default false
           */
          dry_run?: boolean;
        };
      };
    };
    responses: {
      /** @description With `dry_run`: how many deliveries would be sent */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            recovery: {
              /**
               * @description How many deliveries it found when it was created
               * @example 0
               */
              total: number;
              /**
               * @description false: there are so many that counting them was given up; `total` or more
               * @example true
               */
              total_is_exact: boolean;
            };
          };
        };
      };
      /** @description On its way */
      202: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            recovery: components['schemas']['Recovery'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getRecovery: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
        /** @description The recovery's id */
        recovery_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The recovery */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            recovery: components['schemas']['Recovery'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  cancelRecovery: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
        /** @description The recovery's id */
        recovery_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The recovery, cancelled */
      202: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            recovery: components['schemas']['Recovery'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listMessages: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        direction?: 'inbound' | 'outbound';
        status?:
          | 'received'
          | 'pending'
          | 'unknown'
          | 'accepted'
          | 'scheduled'
          | 'queued'
          | 'sending'
          | 'sent'
          | 'delivered'
          | 'read'
          | 'undelivered'
          | 'failed'
          | 'canceled';
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of messages */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            messages: components['schemas']['Message'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  sendMessage: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: {
        /** @description A name for this request, preferably random: repeated with the same one, the request is carried out once */
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @example +15551234567 */
          to: string;
          /** @description One of the tenant's numbers; this or `messaging_service_sid` */
          from?: string;
          /** @description A Messaging Service; it belongs to the first tenant that uses it */
          messaging_service_sid?: string;
          /** @description The text, up to 1600 UTF-16 units (an emoji is two or more); this, `media_urls`, or both */
          body?: string;
          /** @description Where Twilio fetches the media from */
          media_urls?: string[];
        };
      };
    };
    responses: {
      /** @description The message */
      202: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message: components['schemas']['Message'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      409: components['responses']['Conflict'];
      413: components['responses']['TooLarge'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getMessage: {
    parameters: {
      query?: {
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path: {
        /** @description The message's id */
        message_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The message */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message: components['schemas']['Message'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listAuditLog: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        action?:
          | 'tenant.created'
          | 'tenant.quotas_set'
          | 'tenant.limits_set'
          | 'tenant.retention_set'
          | 'tenant.events_expunged'
          | 'tenant.exported'
          | 'tenant.deleted'
          | 'api_key.created'
          | 'api_key.deleted'
          | 'api_key.expired'
          | 'portal_link.created'
          | 'portal_session.started'
          | 'portal_session.ended'
          | 'phone_number.assigned'
          | 'phone_number.updated'
          | 'phone_number.released'
          | 'webhook.created'
          | 'webhook.updated'
          | 'webhook.paused'
          | 'webhook.resumed'
          | 'webhook.disabled'
          | 'webhook.secret_rotated'
          | 'webhook.verification_requested'
          | 'webhook.verification_failed'
          | 'webhook.verified'
          | 'webhook.deleted'
          | 'delivery.retried'
          | 'delivery.revealed'
          | 'event.revealed'
          | 'recovery.created'
          | 'recovery.cancelled';
        subject_type?:
          | 'tenant'
          | 'api_key'
          | 'portal_link'
          | 'portal_session'
          | 'phone_number'
          | 'webhook'
          | 'delivery'
          | 'event'
          | 'recovery';
        /** @description Only entries about the thing with this id */
        subject_id?: string;
        /** @description Done at this time or later */
        since?: string;
        /** @description Done before this time */
        until?: string;
        /** @description Only with an admin key: whose things the call is about */
        tenant_id?: string;
        /** @description Instead of `tenant_id`: the platform's own id for the tenant */
        tenant_external_id?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of entries */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            entries: components['schemas']['AuditEntry'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listTenantOverviews: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        /** @description Part of a name in any case, or an id, or an external id */
        q?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of tenants */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            tenants: components['schemas']['TenantOverview'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  listReceiversInTrouble: {
    parameters: {
      query?: {
        /** @description The most rows to return */
        limit?: number;
        /** @description The `next_cursor` of the previous page; absent: the first page */
        cursor?: string;
        /** @description Only these; default: both */
        state?: 'failing' | 'disabled';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of receivers */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            receivers: components['schemas']['ReceiverInTrouble'][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page
             * @example null
             */
            next_cursor: string | null;
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  searchPlatform: {
    parameters: {
      query: {
        /** @description What to look for */
        q: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What was found */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            results: components['schemas']['SearchResult'][];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getPlatformState: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The state */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            state: components['schemas']['PlatformState'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  revealDelivery: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The webhook's id */
        webhook_id: number;
        /** @description The delivery's id */
        delivery_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The delivery */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            delivery: components['schemas']['DeliveryDetail'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  revealEvent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The event's id */
        event_id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The event */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            event: components['schemas']['EventDetail'];
          };
        };
      };
      400: components['responses']['InvalidInput'];
      401: components['responses']['Unauthenticated'];
      403: components['responses']['Forbidden'];
      404: components['responses']['NotFound'];
      429: components['responses']['TooManyRequests'];
      500: components['responses']['InternalError'];
      503: components['responses']['Unavailable'];
    };
  };
  getHealth: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is alive */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {string} */
            status: 'ok';
          };
        };
      };
      400: components['responses']['InvalidInput'];
      500: components['responses']['InternalError'];
    };
  };
  getReadiness: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Postgres takes writes, no migration is pending, and no encryption key is missing */
      200: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Readiness'];
        };
      };
      400: components['responses']['InvalidInput'];
      500: components['responses']['InternalError'];
      /** @description Postgres does not answer or takes no writes, a migration is pending, or an encryption key is missing */
      503: {
        headers: {
          'X-Request-Id': components['headers']['RequestId'];
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Readiness'];
        };
      };
    };
  };
}
