import { Page } from '../../ui/page.js';

export function WebhookSettings() {
  return <Page title="WebhookSettings">{null}</Page>;
}
