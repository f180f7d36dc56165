import { Page } from '../../ui/page.js';

export function Webhook() {
  return <Page title="Webhook">{null}</Page>;
}
