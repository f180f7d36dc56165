import { Page } from '../../ui/page.js';

export function Delivery() {
  return <Page title="Delivery">{null}</Page>;
}
