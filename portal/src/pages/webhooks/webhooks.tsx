import { Page } from '../../ui/page.js';

export function Webhooks() {
  return <Page title="Webhooks">{null}</Page>;
}
