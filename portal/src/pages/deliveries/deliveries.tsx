import { Page } from '../../ui/page.js';

export function Deliveries() {
  return <Page title="Deliveries">{null}</Page>;
}
