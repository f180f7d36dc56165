import { Page } from '../../ui/page.js';

export function NewWebhook() {
  return <Page title="NewWebhook">{null}</Page>;
}
